"""A few frames of each camera, evenly spread over the drive, as small pictures for the report."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from roadseg_core.evaluation.drives.analysis import Analysed
from roadseg_core.labels import LabelMap
from roadseg_core.pipeline.outputs import overlay
from roadseg_core.report.pictures import calm
from roadseg_core.resizing import resize_ids

FRAMES = 20
"""Frames of a camera, at most, and at least half as many where it has more."""

_WIDTH = 160


@dataclass
class _Strip:
    """Hold every n-th frame of a camera: index, stamp, picture and labels."""

    every: int = 1
    offered: int = 0
    frames: list[tuple[int, int, np.ndarray, np.ndarray]] = field(default_factory=list)


class Film:
    """Keep some frames of each camera of a bag, whose length nobody knows before its end."""

    def __init__(self) -> None:
        self._strips: dict[str, _Strip] = {}

    def offer(self, frame: Analysed) -> None:
        """Keep a frame if it is the next n-th; when there are too many, every second stays."""
        strip = self._strips.setdefault(frame.row['camera'], _Strip())
        if strip.offered % strip.every == 0:
            strip.frames.append((frame.row['index'], frame.row['stamp_ns'], *_small(frame)))
            if len(strip.frames) > FRAMES:
                strip.frames, strip.every = strip.frames[::2], 2 * strip.every
        strip.offered += 1

    def write(self, folder: Path, label_map: LabelMap) -> None:
        """
        Write the pictures, painted, and ``film.json`` that says which frames they are.

        :raises OSError: if the disk is full
        """
        entries = []
        for camera, strip in self._strips.items():
            for number, (index, stamp_ns, image, labels) in enumerate(strip.frames):
                file = f'film_{camera}_{number}.jpg'
                painted = overlay(image, calm(label_map), labels, None, alpha=0.5, mode='palette')
                (folder / file).write_bytes(cv2.imencode('.jpg', painted)[1].tobytes())
                entries.append(
                    {'camera': camera, 'index': index, 'stamp_ns': stamp_ns, 'file': file}
                )
        (folder / 'film.json').write_text(json.dumps(entries), encoding='utf-8')


def _small(frame: Analysed) -> tuple[np.ndarray, np.ndarray]:
    """Return uint8 [h, w, 3] and [h, w]: picture and labels where the network saw the picture."""
    work = frame.work
    *_, width, height = work.frame.view.source
    size = (max(1, round(height * _WIDTH / width)), _WIDTH)
    labels = work.frame.view.inside(work.run.result.labels[0])
    image = cv2.resize(work.frame.seen, size[::-1], interpolation=cv2.INTER_AREA)
    return image, resize_ids(labels, size)
