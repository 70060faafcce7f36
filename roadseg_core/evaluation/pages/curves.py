"""Curves and timelines of a bag."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from markupsafe import Markup

from roadseg_core.evaluation.drives.measures import NEIGHBOUR_NS
from roadseg_core.evaluation.pages.columns import CameraColumns
from roadseg_core.report.charts import Line, chart, series_colours
from roadseg_core.report.timeline import Span, timeline

STATES = {
    'evaluated': '#9cc9ab',
    'without truth': '#f0d9a0',
    'frozen': '#7b4aa6',
    'blackout': '#111827',
    'undecodable': '#c53030',
    'missing': '#d64f9b',
    'among the worst, shown above': '#ea7b1c',
}
"""Colours of the timeline; later ones cover earlier ones."""

_MISSING_PERIODS = 1.75
"""Frames further apart than this many periods have lost those between; less is jitter."""

_CURVES = (
    ('road_iou', 'Road IoU', 'against the truth', 1.0),
    ('road_share', 'Road share', 'of the picture', None),
    ('confidence', 'Confidence', 'mean of the most probable class', 1.0),
    ('consistency', 'Temporal consistency', 'labels that stay with their surface', 1.0),
    ('flicker', 'Flicker', 'road that changes and changes back', None),
    ('latency_ms', 'Latency', 'ms: decoding, its batch in the engine, outputs', None),
)


def curves(
    cameras: Mapping[str, CameraColumns], limits: Mapping[str, Mapping[str, float]]
) -> list[tuple[str, str, Markup]]:
    """
    Draw what the frames say over time, a line for each camera.

    :param limits: bounds to draw by figure: text and value
    :returns: title, what is measured, and chart, of each figure that was measured
    """
    first, last = extent(cameras)
    colours = series_colours(list(cameras))
    found = []
    for figure, title, about, highest in _CURVES:
        lines = [
            _line(columns, figure, first, colours[name], name)
            for name, columns in cameras.items()
            if len(columns.stamp_ns)
        ]
        values = [line.y[np.isfinite(line.y)] for line in lines]
        values = np.concatenate([*values, np.zeros(0)])
        if not len(values):
            continue
        bounds = limits.get(figure, {})
        lowest = 0.0
        if figure in ('consistency', 'confidence'):
            # They lie close to 1, where all that matters happens.
            lowest = min(0.9, np.floor(20 * min([values.min(), *bounds.values()])) / 20)
        svg = chart(
            lines,
            about=f'{title} over time',
            start='0 s',
            end=f'{(last - first) / 1e9:.1f} s',
            lowest=float(lowest),
            highest=highest,
            limits=bounds,
            width=560,
            height=190,
        )
        found.append((title, about, svg))
    return found


def camera_timeline(
    cameras: Mapping[str, CameraColumns], *, with_truth: bool, worst: Mapping[str, list[int]]
) -> Markup:
    """
    Draw what was when, a row for each camera.

    :param with_truth: whether frames without truth are told apart
    :param worst: stamps of frames to point out, by camera
    """
    first, last = extent(cameras)
    rows = {}
    longest = 0
    for name, columns in cameras.items():
        stamps = np.asarray(columns.stamp_ns, np.int64)
        period = _period(stamps)
        longest = max(longest, period)
        spans = _spans(stamps, np.ones(len(stamps), bool), period, 'evaluated')
        if with_truth:
            spans += _spans(stamps, ~_flags(columns.truth), period, 'without truth')
        for state in ('frozen', 'blackout'):
            spans += _spans(stamps, _flags(getattr(columns, state)), period, state)
        bad = np.asarray(columns.bad_ns, np.int64)
        spans += _spans(bad, np.ones(len(bad), bool), period, 'undecodable')
        spans += _missing(np.sort(np.concatenate((stamps, bad))), period)
        spans += [
            Span(
                stamp,
                stamp,
                STATES['among the worst, shown above'],
                f'among the worst, {(stamp - first) / 1e9:.2f} s',
            )
            for stamp in worst.get(name, ())
        ]
        rows[name] = [
            Span((span.start - first) / 1e9, (span.end - first) / 1e9, span.colour, span.label)
            for span in spans
        ]
    # A frame lasts until the next: the last one of the bag too.
    seconds = (last + longest - first) / 1e9
    return timeline(
        rows,
        about='what became of the frames of each camera, over time',
        seconds=seconds,
    )


def extent(cameras: Mapping[str, CameraColumns]) -> tuple[int, int]:
    """Return the first and the last stamp of all cameras; 0 and 0 without frames."""
    stamps = [
        stamp
        for columns in cameras.values()
        for part in (columns.stamp_ns, columns.bad_ns)
        if len(part)
        for stamp in (min(part), max(part))
    ]
    return min(stamps, default=0), max(stamps, default=0)


def _line(columns: CameraColumns, figure: str, first: int, colour: str, label: str) -> Line:
    stamps = np.asarray(columns.stamp_ns, np.int64)
    values = np.asarray(columns.figures[figure], np.float64)
    # A line over a pause would show what nobody saw.
    pauses = np.flatnonzero(np.diff(stamps) > NEIGHBOUR_NS) + 1
    x = np.insert((stamps - first) / 1e9, pauses, (stamps[pauses] - first) / 1e9)
    return Line(x, np.insert(values, pauses, np.nan), colour, label)


def _spans(stamps: np.ndarray, chosen: np.ndarray, period: int, state: str) -> list[Span]:
    """Join frames that follow each other into spans."""
    spans = []
    numbers = np.flatnonzero(chosen)
    if not len(numbers):
        return spans
    # What was lost between two frames was not evaluated.
    breaks = (np.diff(numbers) > 1) | (np.diff(stamps[numbers]) > _MISSING_PERIODS * period)
    for run in np.split(numbers, np.flatnonzero(breaks) + 1):
        start, end = int(stamps[run[0]]), int(stamps[run[-1]])
        count = f'{len(run)} frame{"s" if len(run) > 1 else ""}'
        spans.append(Span(start, end + period, STATES[state], f'{state}: {count}'))
    return spans


def _missing(stamps: np.ndarray, period: int) -> list[Span]:
    """Return the gaps in which frames should have been."""
    gaps = np.diff(stamps)
    wide = np.flatnonzero(gaps > _MISSING_PERIODS * period) if period else []
    return [
        Span(
            int(stamps[i]) + period,
            int(stamps[i + 1]),
            STATES['missing'],
            f'missing: about {round(gaps[i] / period) - 1} at the usual rate',
        )
        for i in wide
    ]


def _period(stamps: np.ndarray) -> int:
    return int(np.median(np.diff(stamps))) if len(stamps) > 1 else 0


def _flags(values: bytearray) -> np.ndarray:
    return np.frombuffer(values, np.uint8).astype(bool)
