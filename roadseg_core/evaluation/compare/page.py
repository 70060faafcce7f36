"""The page that shows two models side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from pathlib import Path

from markupsafe import Markup

from roadseg_core.evaluation.compare.comparison import Compared, Comparison
from roadseg_core.evaluation.compare.verdict import NO_RULE
from roadseg_core.evaluation.settings.conditions import HIGHER_IS_BETTER
from roadseg_core.evaluation.settings.sections import ComparisonChoice
from roadseg_core.labels import LabelMap
from roadseg_core.report.charts import ticks
from roadseg_core.report.page import class_colours, write_page
from roadseg_core.report.pictures import Picture

_COLOURS = {'better': '#2f855a', 'worse': '#c53030'}
_OTHER_COLOUR = '#5c6875'


def write_comparison_page(
    path: Path,
    comparison: Comparison,
    choice: ComparisonChoice,
    reports: Sequence[dict],
    moments: Sequence[tuple[str, Sequence[Picture]]],
) -> None:
    """
    Write the page.

    :param reports: report.json of both models, whose own pages lie in ``model`` and ``against``
    :param moments: title and pictures of the frames on which the models differ most
    """
    maps = [LabelMap.from_dict(report['model']['label_map']) for report in reports]
    legends = [class_colours(label_map) for label_map in maps]
    write_page(
        path,
        __package__,
        'page.html.j2',
        comparison=comparison,
        choice=choice,
        reports=reports,
        plot=forest(comparison.figures),
        rows=[_row(figure) for figure in comparison.figures],
        moments=moments,
        legends=legends[:1] if legends[0] == legends[1] else legends,
    )


def headline(comparison: Comparison) -> str:
    """Say the outcome in a line."""
    verdict = comparison.verdict.verdict
    words = [] if verdict == NO_RULE else [verdict.upper()]
    named = {figure.name: figure for figure in comparison.figures}
    main = next((named[name] for name in HIGHER_IS_BETTER if name in named), None)
    if main is not None:
        row = _row(main)
        words.append(
            f'{main.name} {row["first"]} against {row["second"]}: {main.shown} '
            f'({row["difference"]}{", " if row["interval"] else ""}{row["interval"]})'
        )
    return '; '.join(words) or 'nothing was measured for both models'


def forest(figures: tuple[Compared, ...]) -> Markup:
    """Draw each difference with its interval in a row of its own, as SVG."""
    shown = [figure for figure in figures if not math.isnan(figure.difference.low)]
    if not shown:
        return Markup(
            '<p>Too few blocks of frames for intervals: evaluate more drives, or take '
            'shorter blocks.</p>'
        )
    ends = [end for figure in shown for end in (figure.difference.low, figure.difference.high)]
    low, high = min(0.0, *ends), max(0.0, *ends)
    margin = 0.06 * (high - low) or 0.01
    low, high = low - margin, high + margin
    left, right, row, width = 170, 20, 26, 760
    height = row * len(shown) + 34

    def x_of(value: float) -> float:
        return left + (width - left - right) * (value - low) / (high - low)

    parts = [
        f'<svg viewBox="0 0 {width} {height}" role="img" '
        'aria-label="difference of each figure with its interval">'
    ]
    for tick in ticks(low, high):
        parts.append(
            f'<line class="{"limit" if abs(tick) < 1e-12 else "grid"}" x1="{x_of(tick):.1f}" '
            f'x2="{x_of(tick):.1f}" y1="4" y2="{height - 26}"/><text x="{x_of(tick):.1f}" '
            f'y="{height - 8}" text-anchor="middle">{tick:+g}</text>'
        )
    for number, figure in enumerate(shown):
        y = 4 + row * (number + 0.5)
        colour = _COLOURS.get(figure.shown, _OTHER_COLOUR)
        difference = figure.difference
        parts.append(
            f'<text x="{left - 12}" y="{y + 4:.1f}" text-anchor="end">{escape(figure.name)}</text>'
            f'<line x1="{x_of(difference.low):.1f}" x2="{x_of(difference.high):.1f}" '
            f'y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}" stroke-width="3" '
            f'stroke-linecap="round"/><circle cx="{x_of(difference.value):.1f}" cy="{y:.1f}" '
            f'r="4.5" fill="{colour}"><title>{escape(figure.name)} '
            f'{_signed(difference.value)}</title></circle>'
        )
    return Markup(''.join([*parts, '</svg>']))


def _row(figure: Compared) -> dict[str, str]:
    difference = figure.difference
    interval = (
        '' if math.isnan(difference.low) else f'{difference.low:+.4f} to {difference.high:+.4f}'
    )
    return {
        'name': figure.name,
        'first': _number(figure.first.value),
        'second': _number(figure.second.value),
        'difference': _signed(difference.value),
        'interval': interval,
        'shown': figure.shown,
    }


def _number(value: float) -> str:
    return '' if math.isnan(value) else f'{value:.4f}'


def _signed(value: float) -> str:
    return '' if math.isnan(value) else f'{value:+.4f}'
