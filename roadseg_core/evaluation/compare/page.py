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

_TEMPLATE = """{% extends 'base' %}{% import 'macros' as report %}
{% block title %}Two models compared{% endblock %}
{% block body %}
<h1>Two models compared</h1>
<p class="soft"><b>A</b> {{ models[0] }}<br><b>B</b> {{ models[1] }}</p>
{% if pages %}<p class="soft">Each for itself:
{% for page in pages %}<a href="{{ page }}">{{ page }}</a> {% endfor %}</p>{% endif %}
{% if verdict == 'no rule' %}
<div class="note">No rule was given (<code>comparison: rule:</code> in a scenario file), so there
is no verdict; what the intervals show stands below.</div>
{% else %}
<div class="{{ 'note' if verdict == 'undecided' else 'panel' if verdict == 'accepted' else
'problem' }}"><b class="{{ {'accepted': 'pass', 'rejected': 'fail'}.get(verdict, '') }}">
{{ 'Undecided: it takes more drives, or another rule.' if verdict == 'undecided' else
'A is ' ~ verdict ~ '.' }}</b>
<ul>{% for reason in reasons %}<li>{{ reason }}</li>{% endfor %}</ul></div>
{% endif %}
{% for problem in problems %}<div class="problem">{{ problem }}</div>{% endfor %}
{% if not same_classes %}<div class="note">The models have other classes than each other: they are
compared by road and not road. Consistency and confidence, which rise where there are fewer classes
to take one for another, are left out.</div>{% endif %}
{{ report.cards(cards) }}
<h2>Differences</h2>
<div class="panel">{{ plot }}
<p class="soft" style="margin-top: 10px">A less B, with {{ confidence }} confidence intervals. The
dashed line is no difference; green is surely better, red surely worse; grey is not shown to
differ, or neither better nor worse.
Frames were drawn in blocks of {{ '%g'|format(block_seconds) }} s, {{ resamples }} times:
neighbours resemble each other, so drawing single frames would make the intervals too narrow.
{% if correlation is not none %}Neighbouring blocks correlate by {{ '%.2f'|format(correlation) }}
{%- if correlation > 0.3 %}: take longer blocks (<code>block_seconds</code>), these intervals are
too narrow{% endif %}.{% endif %}</p></div>
<h2>Figures</h2>
<div class="panel"><table>
<tr><th>figure</th><th>A</th><th>B</th><th>A &minus; B</th><th>interval</th><th>shown</th></tr>
{% for row in rows %}
<tr><td>{{ row.name }}</td><td>{{ row.first }}</td><td>{{ row.second }}</td>
<td>{{ row.difference }}</td><td>{{ row.interval }}</td>
<td class="{{ {'better': 'pass', 'worse': 'fail'}.get(row.shown, '') }}">{{ row.shown }}</td></tr>
{% endfor %}
</table>
{% if speeds %}<p class="soft" style="margin-top: 12px">Speed, in this run, without an interval:
times do not repeat.</p>
{{ report.table(['', 'A', 'B'], speeds) }}{% endif %}</div>
<h2>Where they differ most</h2>
{% if moments %}
{% for colours in legends %}{% if legends|length > 1 %}<p class="soft" style="margin: 8px 0 2px">
Classes of {{ 'AB'[loop.index0] }}</p>{% endif %}{{ report.legend(colours) }}{% endfor %}
<p class="soft">One frame of a block and camera at most. Differences: red where A alone says road,
blue where B alone does.</p>
{% for moment in moments %}
<h3>{{ moment.title }}</h3>
{{ report.pictures(moment.pictures, moment.title) }}
{% endfor %}
{% else %}<p>No frame differs, or no pictures were asked for.</p>{% endif %}
{% endblock %}
"""


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
        _TEMPLATE,
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
