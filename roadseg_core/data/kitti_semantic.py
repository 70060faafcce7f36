"""
KITTI Semantic, in both layouts.

The set of 2015 (Alhaija et al. 2018): 200 frames with Cityscapes ids, of which every fifth
validates, as the test truth is hidden. The older set: 143 frames of eleven classes in folders of
images and truth, as ids or painted in colours, which the program splits at random.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from pydantic import Field

from roadseg_core.data.location import locate
from roadseg_core.data.options import FileOptions
from roadseg_core.data.pairs import PairSource, all_names, files_by_stem, make_source, match_pairs
from roadseg_core.data.source import DataError, NoSplitError, list_folder
from roadseg_core.data.splits import draw_parts, hold_out
from roadseg_core.data.truth import AnyTruth, IdTruth
from roadseg_core.labels import LabelMap

OLDER_FOLDERS = tuple(
    names.split('/')
    for names in ('images/labels', 'image/label', 'image_2/label', 'RGB/GT', 'rgb/gt', 'images/gt')
)
"""What the folders of images and of truth may be called in the older set."""

_SHARES = {'train': 0.7, 'val': 0.15, 'test': 0.15}


class KittiSemanticOptions(FileOptions):
    """
    Options of KITTI Semantic; both are for the older set.

    :param seed: another seed splits it otherwise
    :param first_id: the value of the first class (sky) in truth that is written as ids
    """

    seed: int = Field(default=0, ge=0)
    first_id: int = Field(default=0, ge=0, le=1)


def open_kitti_semantic(
    root: Path, *, split: str, label_map: LabelMap, options: KittiSemanticOptions
) -> PairSource:
    """
    Open ``kitti_semantic/training/{image_2,semantic}`` or ``kitti_semantic/{images,labels}``.

    :raises DataError: if the folders are missing or there is no such split
    """
    holds = ('training/semantic', *(truth for _, truth in OLDER_FOLDERS))
    names = ('kitti_semantic', 'data_semantics', 'kitti_semantic_sample')
    folder = locate(root, names=names, holds=holds, options=options)
    recent = (folder / 'training' / 'semantic').is_dir()
    splits = ('train', 'val') if recent else tuple(_SHARES)
    if split not in splits:
        raise NoSplitError(f'{folder}: no split {split!r}; its splits are {" and ".join(splits)}')
    if recent and label_map.name == 'kitti_semantic_11':
        raise DataError(
            f'{folder}: the set of 2015, in the classes of Cityscapes; the label map '
            f'{label_map.name!r} is that of the older set of 143 frames, in images/ and labels/: '
            'get that one, or train in cityscapes, seven or two'
        )
    images_folder, truth_folder = _folders(folder, recent)
    images = files_by_stem(list_folder(images_folder, ('.png', '.jpg')))
    truths = files_by_stem(list_folder(truth_folder, ('.png',)))
    names = all_names(images, truths)
    chosen = (
        hold_out(names, split) if recent else draw_parts(names, _SHARES, seed=options.seed)[split]
    )
    return make_source(
        f'kitti_semantic_{split}',
        match_pairs(images, truths, chosen),
        label_set='cityscapes' if recent else 'kitti_semantic_11',
        reader=IdTruth if recent else partial(AnyTruth, first_id=options.first_id),
        label_map=label_map,
        options=options,
    )


def _folders(folder: Path, recent: bool) -> tuple[Path, Path]:
    if recent:
        return folder / 'training' / 'image_2', folder / 'training' / 'semantic'
    for images, truth in OLDER_FOLDERS:
        if (folder / images).is_dir() and (folder / truth).is_dir():
            return folder / images, folder / truth
    pairs = ', '.join('/'.join(pair) for pair in OLDER_FOLDERS)
    raise DataError(f'{folder}: no folders of images and truth; expected one of {pairs}')
