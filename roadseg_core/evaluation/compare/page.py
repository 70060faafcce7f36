"""The page that shows two models side by side."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from pathlib import Path

from markupsafe import Markup

from roadseg_core.evaluation.compare.comparison import Compared, Comparison
from roadseg_core.evaluation.compare.verdict import ACCEPTED, HIGHER_IS_BETTER, NO_RULE, REJECTED
from roadseg_core.report.charts import ticks
from roadseg_core.report.page import write_page
from roadseg_core.report.pictures import Picture

_COLOURS = {'better': '#2f855a', 'worse': '#c53030'}
_OTHER_COLOUR = '#5c6875'


@dataclass(frozen=True)
class DifferentMoment:
    """The pictures of a frame on which the models differ."""

    title: str
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class PageFacts:
    """
    Hold what the page says beside the comparison.

    :param models: the two models, for people
    :param pages: their own pages, as links from this one
    :param speeds: rows of the table of speeds: name, A, B
    :param legends: colours of the classes by name; one, or one for each model
    """

    models: tuple[str, str]
    confidence: float
    block_seconds: float
    resamples: int
    speeds: tuple[tuple[str, str, str], ...] = ()
    legends: tuple[dict[str, str], ...] = ()
    problems: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()


def write_comparison_page(
    path: Path, comparison: Comparison, facts: PageFacts, moments: list[DifferentMoment]
) -> None:
    """Write the page."""
    cards = [
        (f'{comparison.frames}', 'frames that both evaluated'),
        (f'{comparison.blocks}', f'blocks of {facts.block_seconds:g} s'),
    ]
    left_out = comparison.only_first + comparison.only_second
    if left_out:
        cards.append((f'{left_out}', 'frames of one model alone, left out'))
    for figure in comparison.figures:
        if figure.name in ('road_iou', 'miou', 'consistency'):
            cards.append((_signed(figure.difference.value), f'{figure.name}, A less B'))
    write_page(
        path,
        __package__,
        'page.html.j2',
        models=facts.models,
        pages=facts.pages,
        verdict=comparison.verdict.verdict,
        reasons=comparison.verdict.reasons,
        problems=facts.problems,
        cards=cards,
        plot=forest(comparison.figures),
        confidence=f'{100 * facts.confidence:g} %',
        block_seconds=facts.block_seconds,
        resamples=facts.resamples,
        correlation=comparison.correlation,
        same_classes=comparison.same_classes,
        rows=[_row(figure) for figure in comparison.figures],
        speeds=facts.speeds,
        moments=moments,
        legends=facts.legends,
    )


def headline(comparison: Comparison) -> str:
    """Say the outcome in a line."""
    verdict = comparison.verdict.verdict
    named = {figure.name: figure for figure in comparison.figures}
    main = next((named[name] for name in HIGHER_IS_BETTER if name in named), None)
    shown = (
        ''
        if main is None
        else (
            f'{main.name} {main.first.value:.4f} against {main.second.value:.4f}: {main.shown} '
            f'({_row(main)["difference"]}, {_row(main)["interval"]})'
        )
    )
    return {NO_RULE: shown, ACCEPTED: f'ACCEPTED; {shown}', REJECTED: f'REJECTED; {shown}'}.get(
        verdict, f'UNDECIDED; {shown}'
    )


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
    return 'none' if math.isnan(value) else f'{value:.4f}'


def _signed(value: float) -> str:
    return 'none' if math.isnan(value) else f'{value:+.4f}'
