"""Draw small charts as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from markupsafe import Markup

SERIES = ('#2563a8', '#c2571a', '#2f855a', '#7b4aa6', '#b83280', '#4a5568')
"""Colours of series, in order; after the last they begin again."""

_RIGHT, _TOP, _BOTTOM, _LEFT = 12, 12, 34, 52


@dataclass(frozen=True)
class Line:
    """
    One series of a chart.

    :param x: float [n], ascending
    :param y: float [n]; NaN leaves a gap
    :param label: what the pointer shows over it
    """

    x: np.ndarray
    y: np.ndarray
    colour: str
    label: str = ''


def series_colours(names: Sequence[str]) -> dict[str, str]:
    """Give each name its colour."""
    return {name: SERIES[index % len(SERIES)] for index, name in enumerate(names)}


def chart(
    lines: Sequence[Line],
    *,
    about: str,
    start: str = '',
    end: str = '',
    kind: str = 'line',
    limits: Mapping[str, float] | None = None,
    lowest: float | None = 0.0,
    highest: float | None = None,
    width: int = 720,
    height: int = 220,
) -> Markup:
    """
    Draw series over a common x axis.

    :param about: what the chart shows, for those who cannot see it
    :param start: text under the axis' left end
    :param end: text under its right end
    :param kind: ``line``, or ``dots`` for one dot a value. A line of many more points than
        pixels is drawn through the least and the largest of each pixel column
    :param limits: horizontal dashed lines by their text
    :param lowest: y at the bottom; None: from the values
    :param highest: y at the top; None: from the values and limits
    :returns: an SVG element; empty where there is no value to draw
    """
    limits = dict(limits or {})
    values = [line.y[np.isfinite(line.y)] for line in lines]
    held = np.concatenate([*values, np.asarray(list(limits.values()), float)])
    if not sum(map(len, values)):
        return Markup('')
    bottom = float(held.min()) if lowest is None else lowest
    top = _headroom(bottom, float(held.max())) if highest is None else highest
    first = min(float(line.x[0]) for line in lines if len(line.x))
    last = max(float(line.x[-1]) for line in lines if len(line.x))
    inner_width, inner_height = width - _LEFT - _RIGHT, height - _TOP - _BOTTOM

    def x_of(x: np.ndarray) -> np.ndarray:
        return _LEFT + inner_width * (x - first) / max(last - first, 1e-12)

    def y_of(y: np.ndarray | float) -> np.ndarray | float:
        return _TOP + inner_height * (1 - (y - bottom) / (top - bottom))

    parts = [f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(about)}">']
    right = width - _RIGHT
    for tick in ticks(bottom, top):
        y = y_of(tick)
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>'
        )
    for text, value in limits.items():
        y = y_of(value)
        parts.append(
            f'<line class="limit" x1="{_LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text x="{right}" y="{y - 5:.1f}" text-anchor="end">{escape(text)}</text>'
        )
    for line in lines:
        draw = _dots if kind == 'dots' else _path
        parts.append(draw(x_of(line.x), y_of(line.y), line))
    parts.append(
        f'<text x="{_LEFT}" y="{height - 8}">{escape(start)}</text>'
        f'<text x="{right}" y="{height - 8}" text-anchor="end">{escape(end)}</text></svg>'
    )
    return Markup(''.join(parts))


def ticks(lowest: float, highest: float) -> list[float]:
    """Return three to six round values from ``lowest`` to ``highest``."""
    rough = (highest - lowest) / 4
    unit = 10.0 ** np.floor(np.log10(rough))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough * (1 - 1e-9))
    first, last = np.ceil(lowest / step - 1e-9), np.floor(highest / step + 1e-9)
    return [round(float(number * step), 12) + 0.0 for number in np.arange(first, last + 1)]


def _headroom(bottom: float, largest: float) -> float:
    span = largest - bottom
    return largest + 0.15 * span if span > 0 else bottom + (abs(bottom) or 1.0)


def _dots(x: np.ndarray, y: np.ndarray, line: Line) -> str:
    circles = ''.join(
        f'<circle cx="{a:.1f}" cy="{b:.1f}" r="1.8"/>' for a, b in zip(x, y) if np.isfinite(b)
    )
    return f'<g fill="{line.colour}">{_title(line)}{circles}</g>'


def _path(x: np.ndarray, y: np.ndarray, line: Line) -> str:
    x, y = _thinned(x, y)
    commands = []
    pen = 'M'
    for a, b in zip(x, y):
        if np.isfinite(b):
            commands.append(f'{pen}{a:.1f} {b:.1f}')
            pen = 'L'
        else:
            pen = 'M'
    # A line of one point has no length: round caps make it a dot.
    return (
        f'<path d="{"".join(commands)}{"h0" if len(commands) == 1 else ""}" fill="none" '
        f'stroke="{line.colour}" stroke-width="1.6" stroke-linejoin="round" '
        f'stroke-linecap="round">{_title(line)}</path>'
    )


def _thinned(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Keep the least and the largest value of each pixel column, and a gap where all is one."""
    columns = np.round(x).astype(int)
    if len(x) <= 2 * (columns[-1] - columns[0] + 1):
        return x, y
    kept = []
    starts = np.flatnonzero(np.diff(columns, prepend=columns[0] - 1))
    for begin, end in zip(starts, [*starts[1:], len(x)]):
        part = y[begin:end]
        if np.isfinite(part).any():
            kept += sorted({begin + int(np.nanargmin(part)), begin + int(np.nanargmax(part))})
        else:
            kept.append(begin)
    return x[kept], y[kept]


def _title(line: Line) -> str:
    return f'<title>{escape(line.label)}</title>' if line.label else ''
