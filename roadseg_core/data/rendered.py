"""Rendered drives with exact truth; never the demo's seeds or street layouts."""

from __future__ import annotations

import numpy as np

from roadseg_core.data.source import DataError, LabelledFrame
from roadseg_core.labels import IGNORE, SEVEN, LabelMap

FRAMES_PER_DRIVE = 8
FIRST_VALIDATION_DRIVE = 5000
"""Validation drives are numbered from here on: training never gets that far."""


class RenderedDrives:
    """
    Render frames of the label map ``seven``, or road and not road for ``two``.

    :param split: ``train`` or ``val``
    :param frames: how many
    :param size: (height, width) of the frames in pixels
    :raises DataError: for an unknown split or label map
    """

    road_only = False

    def __init__(self, *, split: str, label_map: LabelMap, frames: int,
                 size: tuple[int, int] = (400, 600)) -> None:
        from roadseg_core.rendering.splits import training_configs

        if split not in ('train', 'val'):
            raise DataError(f'rendered split {split!r}; expected train or val')
        if label_map.name not in ('seven', 'two'):
            raise DataError(f'no rendered truth for {label_map.name!r}; expected seven or two')
        self.name = f'rendered_{split}'
        drives = -(-frames // FRAMES_PER_DRIVE)
        self._configs = list(training_configs(
            drives, *size, first=FIRST_VALIDATION_DRIVE if split == 'val' else 0))
        self._frames = frames
        self._drive: tuple[int, object] = (-1, None)
        # The renderer's truth is in the ids of `seven`; its void, as elsewhere, is ignored.
        self._table = np.full(256, IGNORE, np.uint8)
        for class_id in SEVEN.valid_ids:
            self._table[class_id] = class_id if label_map.name == 'seven' else (
                label_map.road_ids[0] if class_id in SEVEN.road_ids else 0)

    def __len__(self) -> int:
        return self._frames

    def load(self, index: int) -> LabelledFrame:
        from roadseg_core.rendering import Drive

        number, position = divmod(index, FRAMES_PER_DRIVE)
        if self._drive[0] != number:
            self._drive = (number, Drive(self._configs[number]))
        drive = self._drive[1]
        camera = drive.cameras[position % len(drive.cameras)]
        moment = position * drive.frame_count // FRAMES_PER_DRIVE
        frame = drive.render(camera, moment)
        return LabelledFrame(f'drive{number}_{camera}_{moment}', frame.image,
                             self._table[frame.labels])
