"""report.html of an evaluation: one file that needs nothing beside it."""

from __future__ import annotations

from pathlib import Path

from roadseg_core.evaluation.fleet.parts import part_folder
from roadseg_core.evaluation.pages.columns import CameraColumns, read_columns
from roadseg_core.evaluation.pages.curves import STATES, camera_timeline, curves
from roadseg_core.evaluation.pages.live_section import live_section
from roadseg_core.evaluation.pages.moments import FIGURE_NAMES, Moments, read_moments
from roadseg_core.evaluation.pages.tables import (
    BAG_COLUMNS,
    bag_rows,
    class_table,
    mean_shares,
    model_facts,
    run_facts,
)
from roadseg_core.evaluation.settings.conditions import OPERATORS
from roadseg_core.evaluation.settings.config import EvaluationConfig
from roadseg_core.labels import TWO, LabelMap
from roadseg_core.report.charts import series_colours
from roadseg_core.report.page import class_colours, write_page

_NO_TRUTH = (
    'Share of the picture, mean over all evaluated frames. There was no truth to compare with.'
)

DRIVES = 12
"""Bags whose curves are drawn, at most: a page of a whole fleet must still open."""


def write_report_page(path: Path, report: dict, config: EvaluationConfig) -> None:
    """
    Write the page of ``report`` (the content of report.json), from the bags' parts beside it.

    :raises OSError: if a part cannot be read, or the page not be written
    """
    label_map = LabelMap.from_dict(report['model']['label_map'])
    parts = {
        bag['path']: part_folder(Path(bag['path']), config.output)
        for bag in report['bags']
        if bag['status'] != 'failed'
    }
    columns = {bag: read_columns(part) for bag, part in parts.items()}
    moments = read_moments(parts.values(), count=config.outputs.pictures)
    scored = report['scores']
    class_columns, classes, about, bars = [], [], _NO_TRUTH, mean_shares(columns)
    if scored:
        bars = {}
        class_columns, classes, about = class_table(report, columns, label_map)
    shown, hidden_by = _shown(columns)
    colours = class_colours(label_map)
    if scored and not scored['by_class']:
        colours = class_colours(TWO) | colours
    write_page(
        path,
        __package__,
        'report.html.j2',
        model=f'{report["model"]["network"]} ({Path(report["model"]["path"]).name})',
        subject=_subject(report),
        verdict=_verdict(report),
        cards=_cards(report),
        problems=[
            f'{bag["path"]}: {problem}' for bag in report['bags'] for problem in bag['problems']
        ],
        notes=[f'{bag["path"]}: {note}' for bag in report['bags'] for note in bag['notes']],
        conditions=report['conditions'],
        class_columns=class_columns,
        classes=classes,
        class_bars=bars,
        classes_about=about,
        colours=colours,
        bag_columns=BAG_COLUMNS,
        bag_rows=bag_rows(report, columns, label_map),
        states=STATES,
        drives=[_drive(bag, columns[bag], moments, report) for bag in shown],
        hidden_bags=len(columns) - len(shown),
        hidden_by=hidden_by,
        moments=moments.by_kind,
        moments_by=FIGURE_NAMES.get(moments.figure, ''),
        has_errors=scored is not None,
        model_facts=model_facts(report),
        run_facts=run_facts(report),
        live=live_section(report),
    )


def _subject(report: dict) -> str:
    bags = report['bags']
    if len(bags) == 1:
        return bags[0]['path']
    return f'{len(bags)} bags'


def _verdict(report: dict) -> dict[str, str]:
    conditions = report['conditions']
    failed = [condition for condition in conditions if not condition['passed']]
    told = (
        f'{len(failed)} of {len(conditions)} conditions failed.'
        if failed
        else f'All {len(conditions)} conditions hold.'
        if len(conditions) > 1
        else 'The condition holds.'
        if conditions
        else 'No conditions were given.'
    )
    if report['exit_code'] == 2:
        lost = sum(bag['status'] != 'ok' for bag in report['bags'])
        return {
            'kind': 'problem',
            'mark': 'fail',
            'title': 'A part of the input was lost.',
            'text': f'Something is missing of {lost} of {len(report["bags"])} bags, and the '
            f'figures are without it. {told}',
        }
    if failed:
        return {'kind': 'problem', 'mark': 'fail', 'title': 'Failed.', 'text': told}
    if conditions:
        return {'kind': 'panel', 'mark': 'pass', 'title': 'Passed.', 'text': told}
    return {'kind': 'panel', 'mark': '', 'title': 'No verdict.', 'text': told}


def _cards(report: dict) -> list[tuple[str, str]]:
    frames, quiet, timings = report['frames'], report['no_truth'], report['timings']
    cards = []
    if report['scores']:
        scores = report['scores']
        cards.append(
            (_three(scores['road_iou']), f'road IoU, {scores["frames"]} frames with truth')
        )
        if scores['by_class']:
            cards.append((_three(scores['miou']), f'mean IoU of {len(scores["iou"])} classes'))
    cards.append((str(frames['evaluated']), f'frames evaluated of {frames["read"]} read'))
    if frames['dropped']:
        cards.append((str(frames['dropped']), 'images lost or undecodable'))
    for figure, about in (
        ('consistency', 'temporal consistency'),
        ('flicker', 'flicker'),
        ('confidence', 'mean confidence'),
    ):
        if quiet[figure] is not None:
            cards.append((_three(quiet[figure]), about))
    if quiet['confidence_drift'] is not None:
        cards.append((f'{quiet["confidence_drift"]:+.3f}', 'largest confidence drift'))
    if quiet['blackout'] or quiet['frozen']:
        cards.append((f'{quiet["blackout"]} / {quiet["frozen"]}', 'blackout / frozen frames'))
    if timings['latency_ms_p99'] is not None:
        cards.append((f'{timings["latency_ms_p99"]:.0f} ms', 'latency, 99 of 100 are faster'))
    return cards


def _drive(
    bag: str, cameras: dict[str, CameraColumns], moments: Moments, report: dict
) -> dict[str, object]:
    return {
        'title': bag,
        'series': series_colours(list(cameras)),
        'timeline': camera_timeline(
            cameras, with_truth=report['scores'] is not None, worst=moments.worst_stamps(bag)
        ),
        'curves': curves(cameras, _limits(report['conditions'])),
    }


def _limits(conditions: list[dict]) -> dict[str, dict[str, float]]:
    """Return the bounds to draw into the curves of the figures that they are about."""
    figures = {
        'road_iou': 'road_iou',
        'consistency': 'consistency',
        'flicker': 'flicker',
        'latency_p50_ms': 'latency_ms',
        'latency_p99_ms': 'latency_ms',
    }
    limits: dict[str, dict[str, float]] = {}
    for condition in conditions:
        if condition['name'] in figures and condition['operator'] in OPERATORS:
            limits.setdefault(figures[condition['name']], {})[condition['condition']] = condition[
                'bound'
            ]
    return limits


def _shown(columns: dict[str, dict[str, CameraColumns]]) -> tuple[list[str], str]:
    """Return the bags whose curves are drawn, and by which figure they were chosen."""
    bags = [bag for bag, cameras in columns.items() if cameras]
    if len(bags) <= DRIVES:
        return bags, ''
    for figure in ('road_iou', 'consistency', 'confidence'):
        means = {
            bag: min(
                (
                    mean
                    for camera in columns[bag].values()
                    if (mean := camera.mean(figure)) is not None
                ),
                default=None,
            )
            for bag in bags
        }
        known = {bag: mean for bag, mean in means.items() if mean is not None}
        if known:
            return sorted(known, key=known.get)[:DRIVES], FIGURE_NAMES[figure]
    return bags[:DRIVES], 'names'


def _three(value: float | None) -> str:
    return 'none' if value is None else f'{value:.3f}'
