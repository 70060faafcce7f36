"""
Virtual KITTI 1.3.1 (Gaidon et al. 2016) and 2 (Cabon et al. 2020): five rendered street scenes.

Each scene is there in ten variations of light, weather and view; truth is painted in colours that
the set's own files explain.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from roadseg_core.data.location import locate
from roadseg_core.data.options import FileOptions, Scale
from roadseg_core.data.pairs import Listing, PairSource, all_names, make_source, match_pairs
from roadseg_core.data.source import DataError
from roadseg_core.data.truth import Truth, read_colours
from roadseg_core.labels import LabelMap

Scene = Literal[1, 2, 6, 18, 20]
Variation = Literal[
    'clone',
    'sunset',
    'fog',
    'rain',
    'morning',
    'overcast',
    '15-deg-left',
    '15-deg-right',
    '30-deg-left',
    '30-deg-right',
]

TAIL = 5
"""Where no scene is for validation, the last fifth of each sequence is."""


class VirtualKittiOptions(FileOptions):
    """
    Options of Virtual KITTI.

    :param scenes: the scenes to use
    :param variations: the variations to use
    :param cameras: the cameras to use; version 1.3.1 has camera 0 only
    :param val_scenes: the scenes that validate; ``[]`` for the last fifth of each sequence
    """

    scenes: Annotated[tuple[Scene, ...], Field(min_length=1)] = (1, 2, 6, 18, 20)
    variations: Annotated[tuple[Variation, ...], Field(min_length=1)] = ('clone',)
    cameras: Annotated[tuple[Literal[0, 1], ...], Field(min_length=1)] = (0,)
    val_scenes: tuple[Scene, ...] = (1,)
    scale: Scale | None = Fraction(1, 3)


@dataclass(frozen=True)
class _Sequence:
    """One scene in one variation from one camera: its files and its colour table."""

    name: str
    scene: int
    images: Path
    truths: Path
    colours: Path | None


class SequenceTruth:
    """
    Read truth with the colour table of its sequence, so that instances become their class.

    :param tables: by folder of truth images, the file of its colours; None for the palette
    """

    def __init__(self, classes: LabelMap, tables: dict[Path, Path | None]) -> None:
        colours = {
            path: read_colours(path, classes, name_first=True) for path in set(tables.values())
        }
        self._readers = {folder: colours[path] for folder, path in tables.items()}

    def read(self, path: Path) -> Truth:
        """Read one file; DataError if it cannot be read."""
        return self._readers[path.parent].read(path)


def open_virtual_kitti(
    root: Path, *, split: str, label_map: LabelMap, options: VirtualKittiOptions
) -> PairSource:
    """
    Open ``virtual_kitti/Scene01/...`` or ``virtual_kitti/vkitti_1.3.1_{rgb,scenegt}/0001/...``.

    :raises DataError: if a chosen scene, variation or camera is missing
    """
    folder = locate(
        root,
        names=('virtual_kitti', 'vkitti', 'vkitti2'),
        options=options,
        holds=('Scene*/*/frames', 'vkitti_1.3.1_scenegt/*'),
    )
    first = (folder / 'vkitti_1.3.1_scenegt').is_dir()
    sequences = list((_sequences_1 if first else _sequences_2)(folder, options))
    pairs, problems = [], []
    for sequence in sequences:
        listing = _list_sequence(sequence, split, options.val_scenes)
        pairs += listing.pairs
        problems += listing.problems
    tables = {sequence.truths: sequence.colours for sequence in sequences}
    return make_source(
        f'virtual_kitti_{split}',
        Listing(tuple(pairs), tuple(problems)),
        label_set='virtual_kitti',
        label_map=label_map,
        options=options,
        reader=lambda classes: SequenceTruth(classes, tables),
        tables=sorted({path for path in tables.values() if path}),
    )


def _sequences_2(folder: Path, options: VirtualKittiOptions) -> Iterator[_Sequence]:
    for scene in options.scenes:
        for variation in options.variations:
            base = folder / f'Scene{scene:02d}' / variation
            for camera in options.cameras:
                frames = base / 'frames'
                yield _Sequence(
                    f'Scene{scene:02d}_{variation}_{camera}',
                    scene,
                    frames / 'rgb' / f'Camera_{camera}',
                    frames / 'classSegmentation' / f'Camera_{camera}',
                    # It comes with another archive than the images; without it the palette of
                    # the label set, which is the same in all scenes, does.
                    next(
                        (
                            path
                            for path in (base / 'colors.txt', folder / 'colors.txt')
                            if path.is_file()
                        ),
                        None,
                    ),
                )


def _sequences_1(folder: Path, options: VirtualKittiOptions) -> Iterator[_Sequence]:
    if options.cameras != (0,):
        raise DataError(
            f'Virtual KITTI 1.3.1 has camera 0; found the option cameras {list(options.cameras)}'
        )
    for scene in options.scenes:
        for variation in options.variations:
            truth = folder / 'vkitti_1.3.1_scenegt'
            colours = truth / f'{scene:04d}_{variation}_scenegt_rgb_encoding.txt'
            if not colours.is_file():
                raise DataError(f'{colours}: no such file; it says which colour is what')
            yield _Sequence(
                f'{scene:04d}_{variation}',
                scene,
                folder / 'vkitti_1.3.1_rgb' / f'{scene:04d}' / variation,
                truth / f'{scene:04d}' / variation,
                colours,
            )


def _list_sequence(sequence: _Sequence, split: str, val_scenes: tuple[int, ...]) -> Listing:
    if val_scenes and (sequence.scene in val_scenes) != (split == 'val'):
        return Listing(())
    images, truths = (_numbered(folder) for folder in (sequence.images, sequence.truths))
    names = all_names(images, truths)
    if not val_scenes:
        # In one piece: a frame looks like the one before it.
        first = len(names) - len(names) // TAIL
        names = names[first:] if split == 'val' else names[:first]
    listing = match_pairs(images, truths, names)
    return Listing(
        tuple(
            type(pair)(f'{sequence.name}_{pair.name}', pair.image, pair.truth)
            for pair in listing.pairs
        ),
        listing.problems,
    )


def _numbered(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise DataError(
            f'{folder}: no such folder; choose scenes, variations and cameras that are there'
        )
    return {
        path.stem.rpartition('_')[2]: path
        for path in sorted(folder.iterdir())
        if path.suffix in ('.png', '.jpg')
    }
