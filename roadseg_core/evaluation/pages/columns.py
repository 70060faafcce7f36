"""A bag's rows by camera, as columns: what curves and tables are made of."""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

FIGURES = ('road_share', 'confidence', 'consistency', 'flicker', 'road_iou', 'miou')


@dataclass
class CameraColumns:
    """
    Hold one camera's frames in the order of their stamps.

    :param figures: a value for each frame, by name; NaN where it was not measured
    :param blackout: 0 or 1 for each frame; so are ``frozen`` and ``truth``
    :param bad_ns: stamps of images that could not be decoded
    :param confusion: int64 [classes, classes + 1], the sum of the frames'; None without truth
    :param class_share: sum of the frames' shares by class
    """

    stamp_ns: array = field(default_factory=lambda: array('q'))
    index: array = field(default_factory=lambda: array('q'))
    figures: dict[str, array] = field(
        default_factory=lambda: {name: array('f') for name in (*FIGURES, 'latency_ms')}
    )
    blackout: bytearray = field(default_factory=bytearray)
    frozen: bytearray = field(default_factory=bytearray)
    truth: bytearray = field(default_factory=bytearray)
    bad_ns: array = field(default_factory=lambda: array('q'))
    confusion: np.ndarray | None = None
    class_share: dict[str, float] = field(default_factory=dict)

    def mean(self, figure: str) -> float | None:
        """Return the mean over the frames that have it, None if none has."""
        values = np.asarray(self.figures[figure], np.float64)
        values = values[np.isfinite(values)]
        return float(values.mean()) if len(values) else None

    def add(self, row: dict) -> None:
        """Add a row of frames.jsonl."""
        self.stamp_ns.append(row['stamp_ns'])
        self.index.append(row['index'])
        for name in FIGURES:
            self.figures[name].append(math.nan if row[name] is None else row[name])
        for name in ('blackout', 'frozen', 'truth'):
            getattr(self, name).append(row[name])
        for name, share in row['class_share'].items():
            self.class_share[name] = self.class_share.get(name, 0.0) + share
        if row['confusion'] is not None:
            counts = np.asarray(row['confusion'], np.int64)
            self.confusion = counts if self.confusion is None else self.confusion + counts


def read_columns(part: Path) -> dict[str, CameraColumns]:
    """
    Read a bag's part of the results, row by row; cameras by name.

    :raises OSError: if it cannot be read
    """
    found: dict[str, CameraColumns] = {}
    for row in _rows(part / 'frames.jsonl'):
        found.setdefault(row['camera'], CameraColumns()).add(row)
    # Both files are of the same frames in the same order.
    for row in _rows(part / 'timings.jsonl'):
        found[row['camera']].figures['latency_ms'].append(row['latency_ms'])
    for row in _rows(part / 'bad.jsonl'):
        found.setdefault(row['camera'], CameraColumns()).bad_ns.append(row['stamp_ns'])
    return dict(sorted(found.items()))


def _rows(path: Path) -> Iterator[dict]:
    with path.open(encoding='utf-8') as lines:
        for line in lines:
            yield json.loads(line)
