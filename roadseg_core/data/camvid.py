"""
CamVid (Brostow et al. 2009): 701 frames from a car in Cambridge.

Two layouts: the SegNet split (480x360, eleven classes: 367 frames to train, 101 to validate, 233
to test) and the set as published (960x720, 32 classes painted in colours), which is split alike.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from roadseg_core.data.location import locate
from roadseg_core.data.options import FileOptions
from roadseg_core.data.pairs import PairSource, all_names, files_by_stem, make_source, match_pairs
from roadseg_core.data.source import NoSplitError, list_folder
from roadseg_core.data.truth import IdTruth, read_colours
from roadseg_core.labels import LabelMap

_IMAGES = '701_StillsRaw_full'
_TRUTH = 'LabeledApproved_full'
_COLOURS = 'label_colors.txt'
_NAME = re.compile(r'(0001TP|0006R0|0016E5|Seq05VD)_f?(\d+)$')


def open_camvid(root: Path, *, split: str, label_map: LabelMap, options: FileOptions) -> PairSource:
    """
    Open ``camvid/{train,trainannot,...}`` or ``camvid/{701_StillsRaw_full,...}``.

    :raises DataError: if the folders are missing or hold no frames of the split
    """
    folder = locate(
        root,
        names=('camvid', 'CamVid'),
        options=options,
        holds=('trainannot', 'valannot', 'testannot', _TRUTH),
    )
    name = f'camvid_{split}'
    if (folder / _TRUTH).is_dir():
        return _open_original(folder, name, split, label_map, options)
    if not (folder / split).is_dir() and not (folder / f'{split}annot').is_dir():
        raise NoSplitError(f'{folder / split}: no such folder')
    listing = match_pairs(
        files_by_stem(list_folder(folder / split, ('.jpg', '.png'))),
        files_by_stem(list_folder(folder / f'{split}annot', ('.png',))),
    )
    return make_source(
        name, listing, label_set='camvid', reader=IdTruth, label_map=label_map, options=options
    )


def _open_original(
    folder: Path, name: str, split: str, label_map: LabelMap, options: FileOptions
) -> PairSource:
    images = files_by_stem(list_folder(folder / _IMAGES, ('.png', '.jpg')))
    truths = files_by_stem(list_folder(folder / _TRUTH, ('.png',)), suffix='_L')
    chosen = [stem for stem in all_names(images, truths) if segnet_split(stem) == split]
    colours = folder / _COLOURS
    tables = [colours] if colours.is_file() else []
    return make_source(
        name,
        match_pairs(images, truths, chosen),
        label_set='camvid_original',
        reader=partial(read_colours, tables[0] if tables else None, name_first=False),
        label_map=label_map,
        options=options,
        tables=tables,
    )


def segnet_split(name: str) -> str | None:
    """
    Return the part of the SegNet split that a frame is in, None if it is no frame of the set.

    The split goes by sequences: it tests on Seq05VD and the later half of 0001TP, and validates
    on the stretch of 0016E5 that is labelled at 15 Hz.
    """
    match = _NAME.match(name)
    if not match:
        return None
    sequence, number = match[1], int(match[2])
    if sequence == 'Seq05VD' or (sequence == '0001TP' and number > 8520):
        return 'test'
    return 'val' if sequence == '0016E5' and 7959 <= number <= 8159 else 'train'
