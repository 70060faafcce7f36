"""KITTI Road (Fritsch et al. 2013): road or not road on frames of about 1242x375."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np

from roadseg_core.data.source import (NOT_ROAD, DataError, LabelledFrame, list_folder,
                                      read_image)
from roadseg_core.labels import IGNORE, LabelMap

HOLD_OUT_EVERY = 5
"""Every fifth frame of each category (um, umm, uu) is validation: the test truth is hidden."""

_NAME = re.compile(r'(um|umm|uu)_(\d{6})$')


class KittiRoad:
    """
    Read ``<root>/kitti_road/training``: ``image_2`` and ``gt_image_2/*_road_*.png``.

    The truth follows the kit's rule: red > 0 is the valid area, blue > 0 is road. Lane truth
    (``um_lane``) is not read.

    :param root: the data root
    :param split: ``train`` or ``val``
    :param label_map: road becomes its first road id, the rest ``NOT_ROAD``
    :raises DataError: if the folders are missing
    """

    road_only = True

    def __init__(self, root: Path, *, split: str, label_map: LabelMap) -> None:
        if split not in ('train', 'val'):
            raise DataError(f'KITTI Road split {split!r}; expected train or val')
        self.name = f'kitti_road_{split}'
        self._road_id = label_map.road_ids[0]
        training = root / 'kitti_road' / 'training'
        self._truth = training / 'gt_image_2'
        by_category: dict[str, list[Path]] = {}
        for path in list_folder(training / 'image_2', ('.jpg', '.png')):
            match = _NAME.match(path.stem)
            if match:
                by_category.setdefault(match[1], []).append(path)
        # From the middle of each five, so that small sets have a validation frame too.
        self._images = [
            path for paths in by_category.values() for position, path in enumerate(paths)
            if (position % HOLD_OUT_EVERY == HOLD_OUT_EVERY // 2) == (split == 'val')]
        if not self._images:
            raise DataError(f'{training / "image_2"}: no {split} frames such as um_000000.png')

    def __len__(self) -> int:
        return len(self._images)

    def load(self, index: int) -> LabelledFrame:
        path = self._images[index]
        image = read_image(path, cv2.IMREAD_COLOR)
        truth_path = self._truth / f'{path.stem.replace("_", "_road_")}.png'
        truth = read_image(truth_path, cv2.IMREAD_COLOR)
        if truth.shape != image.shape:
            raise DataError(f'{truth_path}: {truth.shape}; expected {image.shape}')
        labels = np.full(truth.shape[:2], NOT_ROAD, np.uint8)
        labels[truth[..., 0] > 0] = self._road_id
        labels[truth[..., 2] == 0] = IGNORE
        return LabelledFrame(path.stem, image, labels)
