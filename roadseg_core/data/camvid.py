"""CamVid in the SegNet split: 367 training and 101 validation frames, 480x360, 11 classes."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from roadseg_core.data.source import DataError, LabelledFrame, list_folder, read_image
from roadseg_core.labels import IGNORE, LabelMap

CLASSES = ('sky', 'building', 'pole', 'road', 'pavement', 'tree', 'sign', 'fence', 'car',
           'pedestrian', 'bicyclist', 'void')
"""The ids of the annotation images."""

REDUCTIONS = {
    'seven': (0, 1, 1, 2, 3, 1, 1, 1, 4, 5, 5, IGNORE),
    'two': (0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, IGNORE),
}
"""Class ids of a label map, by CamVid id. Void truth is ignored: it says nothing."""


class CamVid:
    """
    Read ``<root>/camvid/{train,val}`` and ``{trainannot,valannot}``.

    :param root: the data root
    :param split: ``train`` or ``val``
    :param label_map: ``seven`` or ``two``
    :raises DataError: if the folders are missing or do not fit each other
    """

    road_only = False

    def __init__(self, root: Path, *, split: str, label_map: LabelMap) -> None:
        if split not in ('train', 'val'):
            raise DataError(f'CamVid split {split!r}; expected train or val')
        if label_map.name not in REDUCTIONS:
            raise DataError(
                f'no reduction of CamVid to {label_map.name!r}; expected one of '
                f'{sorted(REDUCTIONS)}')
        self.name = f'camvid_{split}'
        self._table = np.full(256, IGNORE, np.uint8)
        self._table[:len(CLASSES)] = REDUCTIONS[label_map.name]
        self._images = list_folder(root / 'camvid' / split, ('.jpg', '.png'))
        self._annotations = root / 'camvid' / f'{split}annot'

    def __len__(self) -> int:
        return len(self._images)

    def load(self, index: int) -> LabelledFrame:
        path = self._images[index]
        image = read_image(path, cv2.IMREAD_COLOR)
        truth_path = self._annotations / f'{path.stem}.png'
        truth = read_image(truth_path, cv2.IMREAD_UNCHANGED)
        if truth.ndim != 2 or truth.shape != image.shape[:2]:
            raise DataError(f'{truth_path}: {truth.shape}; expected ids of {image.shape[:2]}')
        if truth.max() >= len(CLASSES):
            raise DataError(f'{truth_path}: id {truth.max()}; expected 0 to {len(CLASSES) - 1}')
        return LabelledFrame(path.stem, image, self._table[truth])
