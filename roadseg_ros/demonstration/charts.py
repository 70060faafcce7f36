"""Small charts as SVG text."""

from __future__ import annotations

import numpy as np

from roadseg_ros.demonstration.accounting import Accounting

SERIES = ('#2563a8', '#c2571a', '#2f855a', '#7b4aa6')
"""One colour a camera."""

_WIDTH, _HEIGHT = 720, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 12, 12, 34


def latency_chart(accounting: Accounting, cameras: list[str], period_ms: float) -> str:
    """
    Draw the latency of each frame in the order of sending, a dot each, as SVG.

    :param period_ms: time between two frames of a camera; drawn as a line
    """
    values = accounting.latencies_ms
    if not len(values):
        return ''
    highest = max(1.15 * float(values.max()), 1.15 * period_ms)
    inner_width, inner_height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def y_of(value: float) -> float:
        return _TOP + inner_height * (1 - value / highest)

    parts = [f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
             'aria-label="end-to-end latency of each frame">']
    for tick in _ticks(highest):
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y_of(tick):.1f}" '
            f'y2="{y_of(tick):.1f}"/><text x="{_LEFT - 8}" y="{y_of(tick) + 4:.1f}" '
            f'text-anchor="end">{tick:g}</text>')
    parts.append(
        f'<line class="limit" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y_of(period_ms):.1f}" '
        f'y2="{y_of(period_ms):.1f}"/><text x="{_WIDTH - _RIGHT}" y="{y_of(period_ms) - 5:.1f}" '
        f'text-anchor="end">one period, {period_ms:.1f} ms</text>')
    step = inner_width / max(1, len(values) - 1)
    for number, (value, camera) in enumerate(zip(values, accounting.cameras_of)):
        colour = SERIES[cameras.index(camera) % len(SERIES)]
        parts.append(f'<circle cx="{_LEFT + number * step:.1f}" cy="{y_of(value):.1f}" r="1.8" '
                     f'fill="{colour}"/>')
    parts.append(f'<text x="{_LEFT}" y="{_HEIGHT - 8}">first frame</text>'
                 f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 8}" text-anchor="end">last frame'
                 '</text></svg>')
    return ''.join(parts)


def _ticks(highest: float) -> list[float]:
    """Return three to six round values from 0 up to ``highest``."""
    rough = highest / 4
    unit = 10.0 ** np.floor(np.log10(rough))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough)
    return [float(tick) for tick in np.arange(0, highest, step)]
