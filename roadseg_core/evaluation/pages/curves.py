"""Curves and timelines of a bag."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from roadseg_core.evaluation.drives.measures import NEIGHBOUR_NS
from roadseg_core.evaluation.pages.columns import CameraColumns
from roadseg_core.report.charts import Line, chart

STATES = {
    'evaluated': '#8cbf9d',
    'without truth': '#e3c67e',
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
    ('road_iou', 'Road IoU', 'against the truth; 1 is best'),
    ('road_share', 'Road share', 'of the picture'),
    ('confidence', 'Confidence', 'mean probability of the chosen class, at most 1'),
    ('consistency', 'Temporal consistency', 'labels that stay with their surface; 1 is best'),
    ('flicker', 'Flicker', 'road that changes and changes back; 0 is best'),
    ('latency_ms', 'Latency', 'ms: decoding, its batch in the engine, outputs; less is better'),
)


@dataclass(frozen=True)
class Span:
    """
    A coloured stretch of a timeline's row.

    :param start: seconds from the drive's first frame; so is ``end``
    :param frame: number of the frame whose pictures it leads to, if it does
    """

    start: float
    end: float
    colour: str
    label: str
    frame: int | None = None


def curves(
    bag: str,
    cameras: Mapping[str, CameraColumns],
    limits: Mapping[str, Mapping[str, float]],
    *,
    camera: str = '',
    without: Collection[str] = (),
) -> list[tuple[str, str, Markup]]:
    """
    Draw what the frames say over time, a line for each camera.

    :param limits: bounds to draw by figure: text and value
    :param camera: of all lines, where they are of one camera
    :param without: figures that are not to be drawn
    :returns: title, what is measured, and chart, of each figure that was measured
    """
    first, _ = extent(cameras)
    found = []
    for figure, title, about in _CURVES:
        if figure in without:
            continue
        drawn = chart(
            [_line(columns, figure, first, name, camera) for name, columns in cameras.items()],
            about=f'{title} over time',
            x='time, s',
            limits=limits.get(figure),
            drive=bag,
        )
        if drawn:
            found.append((title, about, drawn))
    return found


def camera_timeline(
    cameras: Mapping[str, CameraColumns],
    *,
    with_truth: bool,
    worst: Mapping[str, Mapping[int, int]],
) -> tuple[dict[str, list[Span]], float]:
    """
    Say what was when, a row for each camera.

    :param with_truth: whether frames without truth are told apart
    :param worst: numbers of frames to point out by their stamps, by camera
    :returns: spans by camera, later ones over earlier ones; and the drive's length in seconds
    """
    first, last = extent(cameras)
    rows = {}
    longest = 0

    def joined(stamps: np.ndarray, chosen: np.ndarray, state: str) -> list[Span]:
        return [
            _span(start, end, first, state, f'{count} frame{"s" if count > 1 else ""}')
            for start, end, count in _runs(stamps, chosen, period)
        ]

    for name, columns in cameras.items():
        stamps = np.asarray(columns.stamp_ns, np.int64)
        bad = np.asarray(columns.bad_ns, np.int64)
        period = int(np.median(np.diff(stamps))) if len(stamps) > 1 else 0
        longest = max(longest, period)
        spans = joined(stamps, np.ones(len(stamps), bool), 'evaluated')
        if with_truth:
            spans += joined(stamps, ~_flags(columns.truth), 'without truth')
        for state in ('frozen', 'blackout'):
            spans += joined(stamps, _flags(getattr(columns, state)), state)
        spans += joined(bad, np.ones(len(bad), bool), 'undecodable')
        every = np.sort(np.concatenate((stamps, bad)))
        gaps = np.diff(every)
        spans += [
            _span(
                every[i] + period,
                every[i + 1],
                first,
                'missing',
                f'about {round(gaps[i] / period) - 1} at the usual rate',
            )
            for i in (np.flatnonzero(gaps > _MISSING_PERIODS * period) if period else ())
        ]
        shown = 'among the worst, shown above'
        spans += [
            _span(stamp, stamp, first, shown, f'frame {frame}', frame)
            for stamp, frame in worst.get(name, {}).items()
        ]
        rows[name] = spans
    # A frame lasts until the next: the last one of the bag too.
    return rows, max((last + longest - first) / 1e9, 1e-9)


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


def _line(columns: CameraColumns, figure: str, first: int, label: str, camera: str) -> Line:
    stamps = np.asarray(columns.stamp_ns, np.int64)
    seconds = (stamps - first) / 1e9
    # A line over a pause would show what nobody saw.
    gaps = np.diff(stamps)
    usual = np.median(gaps) if len(gaps) else 0
    pauses = np.flatnonzero(gaps > max(NEIGHBOUR_NS, _MISSING_PERIODS * usual)) + 1
    return Line(
        np.insert(seconds, pauses, (seconds[pauses - 1] + seconds[pauses]) / 2),
        np.insert(np.asarray(columns.figures[figure], np.float64), pauses, np.nan),
        label,
        np.insert(np.asarray(columns.index, np.int64), pauses, -1),
        camera,
    )


def _span(
    start: int, end: int, first: int, state: str, more: str, frame: int | None = None
) -> Span:
    told = f'{state}: {more}'
    return Span((start - first) / 1e9, (end - first) / 1e9, STATES[state], told, frame)


def _runs(stamps: np.ndarray, chosen: np.ndarray, period: int) -> list[tuple[int, int, int]]:
    """Join frames that follow each other: first stamp, end of the last, how many."""
    numbers = np.flatnonzero(chosen)
    if not len(numbers):
        return []
    # What was lost between two frames was not evaluated.
    breaks = (np.diff(numbers) > 1) | (np.diff(stamps[numbers]) > _MISSING_PERIODS * period)
    return [
        (int(stamps[run[0]]), int(stamps[run[-1]]) + period, len(run))
        for run in np.split(numbers, np.flatnonzero(breaks) + 1)
    ]


def _flags(values: bytearray) -> np.ndarray:
    return np.frombuffer(values, np.uint8).astype(bool)
