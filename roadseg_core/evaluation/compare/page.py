"""Write the page that shows two models side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from roadseg_core.evaluation.compare.comparison import Compared, Comparison
from roadseg_core.evaluation.compare.figures import OF_THE_CLASSES, Key
from roadseg_core.evaluation.compare.verdict import NO_RULE
from roadseg_core.evaluation.fleet.parts import part_folder
from roadseg_core.evaluation.pages.columns import read_columns
from roadseg_core.evaluation.pages.curves import curves
from roadseg_core.evaluation.pages.page import DRIVES
from roadseg_core.evaluation.settings.conditions import CLASS_PREFIX, HIGHER_IS_BETTER
from roadseg_core.evaluation.settings.sections import ComparisonChoice
from roadseg_core.labels import LabelMap
from roadseg_core.report.page import class_colours, write_page
from roadseg_core.report.pictures import Picture

_TITLES = {'road_iou': 'road IoU', 'miou': 'mean IoU', 'consistency': 'temporal consistency'}
_COLOURS = {'better': 'var(--good)', 'worse': 'var(--bad)'}


def write_comparison_page(
    path: Path,
    comparison: Comparison,
    choice: ComparisonChoice,
    reports: Sequence[dict],
    moments: Sequence[tuple[Key, str, Sequence[Picture]]],
) -> None:
    """
    Write the page.

    :param reports: report.json of both models, whose own pages lie in ``model`` and ``against``
    :param moments: the frames on which the models differ most, with title and pictures
    :raises OSError: if it cannot be written, or the evaluations beside it cannot be read
    """
    maps = [LabelMap.from_dict(report['model']['label_map']) for report in reports]
    legends = [class_colours(label_map) for label_map in maps]
    evaluated = [bag['path'] for bag in reports[0]['bags'] if bag['status'] != 'failed']
    bags = dict.fromkeys([*(key[0] for key, *_ in moments), *evaluated])
    bags = [bag for bag in bags if bag in evaluated]
    write_page(
        path,
        __package__,
        'page.html.j2',
        comparison=comparison,
        choice=choice,
        reports=reports,
        rows=[_row(figure, _extent(comparison.figures)) for figure in comparison.figures],
        moments=moments,
        drives=[
            _drive(bag, path.parent, () if comparison.same_classes else OF_THE_CLASSES)
            for bag in bags[:DRIVES]
        ],
        hidden=len(bags[DRIVES:]),
        legends={'': legends[0]} if legends[0] == legends[1] else dict(zip('AB', legends)),
    )


def headline(comparison: Comparison) -> str:
    """Say the outcome in a line."""
    verdict = comparison.verdict.verdict
    words = [] if verdict == NO_RULE else [verdict.upper()]
    named = {figure.name: figure for figure in comparison.figures}
    main = next((named[name] for name in HIGHER_IS_BETTER if name in named), None)
    if main is not None:
        row = _row(main, _extent([main]))
        words.append(
            f'{main.name} {row["first"]} against {row["second"]}: {main.shown} '
            f'({row["difference"]}{", " if row["interval"] else ""}{row["interval"]})'
        )
    return '; '.join(words) or 'nothing was measured for both models'


def _drive(bag: str, folder: Path, without: Sequence[str]) -> dict[str, object]:
    """Return the curves of a bag by camera, a line for each model."""
    models = [read_columns(part_folder(Path(bag), folder / name)) for name in ('model', 'against')]
    return {
        'bag': bag,
        'cameras': {
            camera: curves(
                bag, {'A': one, 'B': models[1][camera]}, {}, camera=camera, without=without
            )
            for camera, one in models[0].items()
            if camera in models[1]
        },
    }


def _extent(figures: Sequence[Compared]) -> tuple[float, float]:
    """Return the ends of an axis that holds all intervals, and no difference."""
    ends = [
        end
        for figure in figures
        for end in (figure.difference.low, figure.difference.high)
        if not math.isnan(end)
    ]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    margin = 0.06 * (high - low) or 0.01
    return low - margin, high + margin


def _row(figure: Compared, extent: tuple[float, float]) -> dict[str, object]:
    """Return a figure's row of the table; places on the axis are 0 to 100."""
    difference = figure.difference
    ends = (difference.low, difference.value, difference.high, 0.0)
    low, high = extent
    rising = HIGHER_IS_BETTER.get(figure.name, figure.name.startswith(CLASS_PREFIX) or None)
    interval = (
        '' if math.isnan(difference.low) else f'{difference.low:+.4f} to {difference.high:+.4f}'
    )
    return {
        'name': figure.name,
        'title': _title(figure.name),
        'best': None if rising is None else int(rising),
        'first': _number(figure.first.value),
        'second': _number(figure.second.value),
        'difference': _number(difference.value, '+'),
        'interval': interval,
        'shown': figure.shown,
        'places': [100 * (end - low) / (high - low) for end in ends] if interval else [],
        'colour': _COLOURS.get(figure.shown, 'var(--soft)'),
    }


def _title(name: str) -> str:
    if name.startswith(CLASS_PREFIX):
        return f'IoU of {name.removeprefix(CLASS_PREFIX)}'
    return _TITLES.get(name, name.replace('_', ' '))


def _number(value: float, sign: str = '') -> str:
    return '' if math.isnan(value) else f'{value:{sign}.4f}'
