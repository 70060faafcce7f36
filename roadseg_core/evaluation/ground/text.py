"""Format the figures of ground grids as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from roadseg_core.evaluation.ground.rendered import SOURCES, WITHIN
from roadseg_core.report.text_table import table

_TITLES = dict(zip(SOURCES, ('exact labels', 'the model', 'the model, road threshold 0')))


def summary(report: Mapping) -> str:
    """Return the figures of a report of ``roadseg evaluate-ground`` for a terminal."""
    drive, cost, kitti = report['rendered_drive'], report['cost'], report['kitti_road']
    lines = [
        f'{report["model"]}: {drive["moments"]} moments of {drive["drives"]} rendered drives',
        '',
        table(('labels', 'pitch off', 'within', 'IoU', 'false free', 'road seen'), [*_rows(drive)]),
        '',
    ]
    for source, title in _TITLES.items():
        edges = drive[source]['edges_at_10_m']
        if edges is None:
            continue
        lines.append(
            f'kerbs 10 m away by {title}: off by {edges["median_m"]:.3f} m (median), '
            f'{edges["p95_m"]:.3f} m (95 %); {100 * edges["within_a_cell"]:.1f} % of '
            f'{edges["edges"]} within a cell'
        )
    if kitti:
        grid, above = (kitti[key]['max_f'] for key in ('ground_grid', 'birds_eye_view'))
        lines.append(
            f'KITTI Road, {kitti["frames"]} frames: MaxF {100 * grid:.2f} on the ground grid, '
            f"{100 * above:.2f} in the bird's-eye view"
        )
    else:
        lines.append('KITTI Road was not found: left out; --root names the folder of the data sets')
    lines.append(
        f'{cost["project_and_fuse_ms"]["median"]:.2f} ms of one core for a camera frame '
        f'(projecting {cost["project_ms"]["median"]:.2f}, fusing {cost["fuse_ms"]["median"]:.2f}); '
        f'cv2.warpPerspective of the same labels {cost["warp_perspective_ms"]["median"]:.2f}'
    )
    return '\n'.join(lines)


def _rows(drive: Mapping) -> Iterator[tuple[str, ...]]:
    for source, title in _TITLES.items():
        found = drive[source]
        for error, figures in (('0', found), *found['pitch_error'].items()):
            for limit in WITHIN:
                values = figures[f'within_{limit:g}_m']
                yield (
                    title,
                    f'{error} deg',
                    f'{limit:g} m',
                    f'{values["iou"]:.3f}',
                    f'{100 * values["false_free"]:.2f} %',
                    f'{100 * values["road_seen"]:.1f} %',
                )
