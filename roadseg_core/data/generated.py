"""Generate streets of a few rectangles, for trial runs and tests without data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from roadseg_core.data.options import CacheOptions, Count, Size
from roadseg_core.data.source import LabelledFrame
from roadseg_core.labels import IGNORE, LabelMap


class GeneratedOptions(CacheOptions):
    """
    Options of generated streets.

    :param frames: how many to draw
    :param size: (height, width) of the frames in pixels
    """

    frames: Count = 4
    size: Size = (80, 120)


class GeneratedStreets:
    """
    Draw a road that widens towards the viewer, bands and boxes of the other classes around it.

    Every class has a grey level of its own under noise, so that a network can learn it. Some
    pixels have no label, as in real truth.

    :param split: ``train`` or ``val``: other frames
    """

    road_only = False
    problems: tuple[str, ...] = ()

    def __init__(self, *, split: str, label_map: LabelMap, options: GeneratedOptions) -> None:
        self.name = f'generated_{split}'
        self._seed = int(split == 'val')
        self._label_map = label_map
        self._options = options

    def __len__(self) -> int:
        return self._options.frames

    def load(self, index: int) -> LabelledFrame:
        """Draw one frame."""
        rng = np.random.default_rng((self._seed, index))
        height, width = self._options.size
        valid = self._label_map.valid_ids
        others = [i for i in valid if i not in self._label_map.road_ids] or list(valid)
        bands = np.sort(rng.permutation(height)[: len(others) - 1])
        band = np.searchsorted(bands, np.arange(height), side='right')
        labels = np.repeat(np.asarray(others, np.uint8)[band, None], width, 1)
        for class_id in others:
            top, left = rng.integers(0, height - 8), rng.integers(0, width - 8)
            labels[top : top + 8, left : left + 8] = class_id
        rows, columns = np.mgrid[:height, :width]
        middle = width * rng.uniform(0.35, 0.65)
        labels[np.abs(columns - middle) < (rows - height * 0.4) * 0.8] = self._label_map.road_ids[0]
        grey = 30 + 200 * (labels.astype(float) + 0.5) / len(self._label_map.names)
        image = grey[..., None] + rng.normal(0.0, 8.0, (height, width, 3))
        labels[rng.random((height, width)) < 0.02] = IGNORE
        return LabelledFrame(
            f'{self.name}_{index}', np.clip(image, 0, 255).astype(np.uint8), labels
        )

    def inputs(self) -> Iterator[Path]:
        """Yield the files that the frames depend on: this one."""
        yield Path(__file__)
