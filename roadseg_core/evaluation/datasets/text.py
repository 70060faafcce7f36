"""Format an evaluation's figures as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from roadseg_core.report.text_table import table

VIEW_COLUMNS = ('road', 'MaxF', 'AP', 'PRE', 'REC', 'FPR', 'FNR', 'AUC', 'threshold')
"""Of :func:`view_rows`."""

CONDITION_COLUMNS = (
    'condition',
    'mIoU',
    'road IoU',
    'boundary F1',
    'ECE, confidence',
    'ECE, road',
    'AUROC, wrong pixels',
)
"""Of :func:`condition_rows`."""


def summary(report: Mapping) -> str:
    """Return the figures of a report (``Evaluation.to_dict``) for a terminal, in percent."""
    scores, road = report['scores'], report['road']
    engine, boundary = report['engine'], road['boundary']
    lines = [
        f"{report['data']}: {report['frames']} frames, at the {report['compared_at']}'s pixels",
        f'{report["model"]} by {engine["backend"]} {engine["version"]} on {engine["device"]} in '
        f'{engine["precision"]}',
        '',
        table(('class', 'IoU', 'precision', 'recall', 'F1'), class_rows(scores)),
        '',
        f'mIoU {percent(scores["miou"])}, pixel accuracy {percent(scores["pixel_accuracy"])}, '
        f'mean class accuracy {percent(scores["mean_class_accuracy"])}, '
        f'not in the truth: {", ".join(scores["absent"]) or "none"}',
        '',
        table(VIEW_COLUMNS, view_rows(road)),
        '',
        f'boundary of the road: F1 {percent(boundary["f1"])}, '
        f'precision {percent(boundary["precision"])}, recall {percent(boundary["recall"])}',
    ]
    if road['distance']:
        lines.append(
            'recall of the road by distance: '
            + ', '.join(
                f'{band["from_m"]:g} to {band["to_m"]:g} m {percent(band["recall"])}'
                for band in road['distance']
            )
        )
    lines += ['', table(CONDITION_COLUMNS, condition_rows(report))]
    return '\n'.join(lines)


def class_rows(scores: Mapping) -> list[tuple[str, ...]]:
    """Return class, IoU, precision, recall and F1 in percent, by class and for the road."""
    figures = ('iou', 'precision', 'recall', 'f1')
    return [
        *((name, *(percent(scores[figure][name]) for figure in figures)) for name in scores['iou']),
        ('road, as one', *(percent(scores[f'road_{figure}']) for figure in figures)),
    ]


def view_rows(road: Mapping) -> list[tuple[str, ...]]:
    """Return the figures of the road in each view, by :data:`VIEW_COLUMNS`."""
    figures = ('max_f', 'average_precision', 'precision', 'recall', 'fpr', 'fnr', 'auc')
    return [
        (name, *(percent(road[key][figure]) for figure in figures), f'{road[key]["threshold"]}/255')
        for name, key in (('image view', 'image_view'), ("bird's-eye view", 'birds_eye_view'))
        if road[key]
    ]


def condition_rows(
    report: Mapping, *, error: Callable[[float], str] = '{:.3f}'.format
) -> list[tuple[str, ...]]:
    """
    Return accuracy and calibration of the frames as they are, and of them corrupted.

    :param error: writes a calibration error
    """
    rows = []
    for name, of in {'as they are': report, **report['corruptions']}.items():
        confidence, road = (of['calibration'][key] for key in ('confidence', 'road_probability'))
        rows.append(
            (
                name,
                *(
                    _with_change(of['scores'][figure], report['scores'][figure], of is not report)
                    for figure in ('miou', 'road_iou')
                ),
                percent(of['road']['boundary']['f1']),
                *('-' if of['ece'] is None else error(of['ece']) for of in (confidence, road)),
                percent(confidence['auroc']),
            )
        )
    return rows


def _with_change(value: float | None, before: float | None, changed: bool) -> str:
    if not changed or value is None or before is None:
        return percent(value)
    return f'{percent(value)} ({100 * (value - before):+.1f})'


def percent(value: float | None) -> str:
    """Return a share in percent with a decimal; '-' for None."""
    return '-' if value is None else f'{100 * value:.1f}'
