"""Describe line charts, which a page's script draws."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

SERIES = (
    *('#3b82c4', '#d2691e', '#2f9e6a', '#8b5fbf', '#c2418c', '#6b7a8d'),
    *('#b8941f', '#1c9bb0'),
)
"""Colours of series, in order; after the last they begin again."""

POINTS = 1000
"""Points of a line, at most; a longer one keeps the least and the largest of each stretch."""


@dataclass(frozen=True)
class Line:
    """
    One series of a chart.

    :param x: float [n], ascending
    :param y: float [n]; NaN leaves a gap
    :param label: its name
    :param frames: int [n], the number of the frame of each value; None where values have no frame
    :param camera: whose frames they are; '' where the label says it
    :param reference: what others are compared with: grey and dashed
    """

    x: np.ndarray
    y: np.ndarray
    label: str = ''
    frames: np.ndarray | None = None
    camera: str = ''
    reference: bool = False


def series_colours(names: Sequence[str]) -> dict[str, str]:
    """Give each name its colour."""
    return {name: SERIES[index % len(SERIES)] for index, name in enumerate(names)}


def chart(
    lines: Sequence[Line],
    *,
    about: str,
    x: str,
    dots: bool = False,
    limits: Mapping[str, float] | None = None,
    drive: str = '',
) -> Markup:
    """
    Describe series over a common x axis, as an element that ``page.js`` fills.

    :param about: what the chart shows, for those who cannot see it
    :param x: name and unit of the x axis
    :param dots: one dot per value instead of a line
    :param limits: horizontal dashed lines by their text
    :param drive: charts of one drive move together, and lead to the pictures of its frames
    :returns: an element; empty where there is no value to draw
    """
    colours = series_colours([line.label for line in lines])
    series = []
    for line in lines:
        kept = _kept(np.asarray(line.y, float))
        one = {
            'label': line.label,
            'camera': line.camera or line.label,
            'colour': '' if line.reference else colours[line.label],
            'x': [float(f'{value:.7g}') for value in np.asarray(line.x)[kept].tolist()],
            'y': [
                float(f'{value:.4g}') if np.isfinite(value) else None
                for value in np.asarray(line.y)[kept].tolist()
            ],
        }
        if line.frames is not None:
            one['frames'] = np.asarray(line.frames)[kept].tolist()
        series.append(one)
    if not any(value is not None for one in series for value in one['y']):
        return Markup('')
    told = {'x': x, 'dots': dots, 'limits': dict(limits or {}), 'drive': drive, 'lines': series}
    return Markup('<div class="chart" role="img" aria-label="{}" data-chart="{}"></div>').format(
        about, json.dumps(told, separators=(',', ':'), ensure_ascii=False)
    )


def _kept(y: np.ndarray) -> np.ndarray:
    """Return which values to draw: all, or each stretch's least and largest and its gaps."""
    if len(y) <= POINTS:
        return np.arange(len(y))
    kept = set(np.flatnonzero(np.isnan(y) & ~np.isnan(np.roll(y, 1))).tolist())
    for part in np.array_split(np.arange(len(y)), POINTS // 2):
        seen = part[np.isfinite(y[part])]
        if len(seen):
            kept |= {int(seen[np.argmin(y[seen])]), int(seen[np.argmax(y[seen])])}
    return np.asarray(sorted(kept), int)
