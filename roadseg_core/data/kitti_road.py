"""KITTI Road (Fritsch et al. 2013): road or not road on frames of about 1242x375."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from roadseg_core.data.location import locate
from roadseg_core.data.options import FileOptions
from roadseg_core.data.pairs import PairSource, all_names, match_pairs
from roadseg_core.data.source import DataError, NoSplitError, list_folder, read_image
from roadseg_core.data.splits import hold_out
from roadseg_core.data.truth import Truth
from roadseg_core.labels import IGNORE, NOT_ROAD, LabelMap

_ROAD = LabelMap('kitti_road', ('not road', 'road'), ((255, 0, 0), (255, 0, 255)), (1,))
_IMAGE = re.compile(r'(um|umm|uu)_(\d{6})$')
_TRUTH = re.compile(r'(um|umm|uu)_(road|lane)_(\d{6})$')

MORE_THAN_ROAD = ('flat', 'ground')
"""Road classes that hold pavements as well: not road does not rule them out."""


class KittiRoadOptions(FileOptions):
    """
    Options of KITTI Road.

    :param truth: all road (um, umm, uu), or the car's own lane (um only)
    """

    truth: Literal['road', 'lane'] = 'road'


class KittiRoadTruth:
    """Read the kit's colours: red > 0 is the valid area, blue > 0 is road."""

    def read(self, path: Path) -> Truth:
        """Read one file; DataError if it cannot be read."""
        truth = read_image(path, cv2.IMREAD_COLOR)
        ids = (truth[..., 0] > 0).astype(np.uint8)
        ids[truth[..., 2] == 0] = IGNORE
        return Truth(ids)


def training_folder(root: Path, options: KittiRoadOptions) -> Path:
    """Return the set's ``training``; DataError if it is missing."""
    names, holds = ('kitti_road', 'data_road'), ('training/gt_image_2',)
    return locate(root, names=names, options=options, holds=holds) / 'training'


def open_kitti_road(
    root: Path, *, split: str, label_map: LabelMap, options: KittiRoadOptions
) -> PairSource:
    """
    Open ``kitti_road/training``: ``image_2`` and ``gt_image_2/*_{road,lane}_*.png``.

    Every fifth frame of each category (um, umm, uu) is validation: the test truth is hidden.
    Road becomes the label map's first road id, the rest ``NOT_ROAD``.

    :raises DataError: if the folders are missing, or the label map tells no road from pavement
    """
    road_id = label_map.road_ids[0]
    if label_map.names[road_id] in MORE_THAN_ROAD:
        raise DataError(
            f'KITTI Road says what is not road; the class {label_map.names[road_id]!r} of the '
            f'label map {label_map.name!r} holds more than road; expected seven, two or a map '
            'with a class for road alone'
        )
    training = training_folder(root, options)
    images = {
        path.stem: path
        for path in list_folder(training / 'image_2', ('.jpg', '.png'))
        if _IMAGE.match(path.stem)
    }
    truths = {}
    for path in list_folder(training / 'gt_image_2', ('.png',)):
        match = _TRUTH.match(path.stem)
        if match and match[2] == options.truth:
            truths[f'{match[1]}_{match[3]}'] = path
    if options.truth == 'lane':
        images = {name: path for name, path in images.items() if name.startswith('um_')}
    names = all_names(images, truths)
    by_category = [
        [name for name in names if name.startswith(f'{category}_')]
        for category in ('um', 'umm', 'uu')
    ]
    chosen = [name for category in by_category for name in hold_out(category, split)]
    name = f'kitti_{options.truth}_{split}'
    if not chosen:
        raise NoSplitError(f'{training / "image_2"}: no {split} frames such as um_000000.png')
    listing = match_pairs(images, truths, chosen)
    table = np.full(256, IGNORE, np.uint8)
    table[:2] = NOT_ROAD, road_id
    return PairSource(
        name,
        listing.pairs,
        _ROAD,
        KittiRoadTruth(),
        table,
        listing.problems,
        options.framing(),
        road_only=True,
    )
