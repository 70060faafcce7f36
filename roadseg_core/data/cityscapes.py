"""Cityscapes (Cordts et al. 2016): 2048x1024 frames of 50 cities, 34 ids."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from roadseg_core.data.framing import Framing
from roadseg_core.data.location import locate
from roadseg_core.data.options import FileOptions, Size
from roadseg_core.data.pairs import PairSource, all_names, make_source, match_pairs
from roadseg_core.data.source import DataError, NoSplitError
from roadseg_core.data.splits import draw_evenly
from roadseg_core.data.truth import IdTruth
from roadseg_core.labels import LabelMap

SPLITS = ('train', 'val', 'test')

CENTRAL = Framing(crop=(768, 1152), size=(320, 480))
"""The middle of the frame: neither the car's own hood nor the border of the rectification."""

_IMAGE = '_leftImg8bit'
_TRUTH = '_gtFine_labelIds'


class CityscapesOptions(FileOptions):
    """
    Options of Cityscapes.

    :param crop: also ``central``: 1152x768 of the middle, resized to 480x320 unless size or
        scale say otherwise
    :param subset: a smaller set, drawn evenly over cities. ``900_100_59``: train from the
        training cities, val from Muenster, test from Lindau. ``900_100_10``: train from the
        training cities, val and test from the validation cities, no frame in both
    :param seed: another seed draws other frames
    """

    crop: Size | Literal['square', 'central'] | None = None
    subset: Literal['900_100_59', '900_100_10'] | None = None
    seed: int = Field(default=0, ge=0)

    def framing(self) -> Framing:
        """Return what crop, size and scale say together."""
        if self.crop != 'central':
            return super().framing()
        if self.scale is not None:
            return Framing(CENTRAL.crop, None, self.scale)
        return Framing(CENTRAL.crop, self.size or CENTRAL.size)


def open_cityscapes(
    root: Path, *, split: str, label_map: LabelMap, options: CityscapesOptions
) -> PairSource:
    """
    Open ``cityscapes/{leftImg8bit,gtFine}/{train,val,test}/<city>``.

    The truth of the set's own test split is void alone; the subsets test on validation cities.

    :raises DataError: if the folders are missing or there is no such split
    """
    names, holds = ('cityscapes', 'Cityscapes'), ('leftImg8bit/*', 'gtFine/*')
    folder = locate(root, names=names, options=options, holds=holds)
    part = 'val' if options.subset and split == 'test' else split
    if not any((folder / kind / part).is_dir() for kind in ('leftImg8bit', 'gtFine')):
        raise NoSplitError(f'{folder / "leftImg8bit" / part}: no such folder')
    images = _files(folder / 'leftImg8bit' / part, _IMAGE)
    truths = _files(folder / 'gtFine' / part, _TRUTH)
    names = all_names(images, truths)
    if options.subset:
        names = draw_subset(names, options.subset, split, seed=options.seed)
    label = f'cityscapes_{options.subset}_{split}' if options.subset else f'cityscapes_{split}'
    return make_source(
        label,
        match_pairs(images, truths, names),
        label_set='cityscapes',
        reader=IdTruth,
        label_map=label_map,
        options=options,
    )


def draw_subset(names: list[str], subset: str, split: str, *, seed: int) -> list[str]:
    """
    Draw one split of a subset.

    :param names: frame names of the split's cities, such as ``ulm_000000_000019``
    :param subset: ``900_100_59`` or ``900_100_10``
    :raises DataError: if there are fewer frames than the subset has
    """
    cities: dict[str, list[str]] = {}
    for name in names:
        cities.setdefault(name.split('_')[0], []).append(name)
    count = dict(zip(SPLITS, map(int, subset.split('_'))))[split]
    if subset == '900_100_59' and split != 'train':
        wanted = 'munster' if split == 'val' else 'lindau'
        cities = {city: frames for city, frames in cities.items() if city == wanted}
    if subset == '900_100_10' and split == 'test':
        # Not what validation has.
        taken = set(draw_subset(names, subset, 'val', seed=seed))
        cities = {
            city: [name for name in frames if name not in taken] for city, frames in cities.items()
        }
    found = sum(map(len, cities.values()))
    if found < count:
        raise DataError(
            f'Cityscapes subset {subset}: {found} {split} frames in '
            f'{sorted(cities) or "no city"}; expected {count}: is the set complete?'
        )
    return draw_evenly(cities, count, seed=seed)


def _files(folder: Path, suffix: str) -> dict[str, Path]:
    if not folder.is_dir():
        raise DataError(
            f'{folder}: no such folder; unpack leftImg8bit_trainvaltest.zip and '
            'gtFine_trainvaltest.zip there'
        )
    return {
        path.stem.removesuffix(suffix): path
        for path in sorted(folder.glob(f'*/*{suffix}.*'))
        if path.suffix in ('.png', '.jpg')
    }
