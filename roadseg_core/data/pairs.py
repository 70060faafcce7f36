"""Read frames from pairs of files: a camera image and its truth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from roadseg_core.data.framing import Framing
from roadseg_core.data.label_sets import find_label_set, reduction_table
from roadseg_core.data.options import FileOptions
from roadseg_core.data.source import DataError, LabelledFrame, NoSplitError, read_frame
from roadseg_core.data.truth import Truth, TruthReader
from roadseg_core.labels import LabelMap


@dataclass(frozen=True)
class FilePair:
    """A frame's name, its image and its truth."""

    name: str
    image: Path
    truth: Path


@dataclass(frozen=True)
class Listing:
    """
    Hold what lies in the folders of a data set.

    :param pairs: images with their truth
    :param problems: images without truth and truth without an image, each named by a sentence
    """

    pairs: tuple[FilePair, ...]
    problems: tuple[str, ...] = ()


def match_pairs(
    images: Mapping[str, Path], truths: Mapping[str, Path], names: Iterable[str] | None = None
) -> Listing:
    """
    Put images and truths of the same name together.

    :param names: the names to use, in this order; all of both by default
    """
    chosen = all_names(images, truths) if names is None else list(names)
    pairs, problems = [], []
    for name in chosen:
        if name in images and name in truths:
            pairs.append(FilePair(name, images[name], truths[name]))
        elif name in images:
            problems.append(f'{images[name]}: no truth for this image')
        elif name in truths:
            problems.append(f'{truths[name]}: no image for this truth')
    return Listing(tuple(pairs), tuple(problems))


def all_names(images: Mapping[str, Path], truths: Mapping[str, Path]) -> list[str]:
    """
    Return the names of images and truths in order.

    What is split by these names is split alike where a file is missing.
    """
    return sorted({*images, *truths})


@dataclass(frozen=True)
class PairSource:
    """
    Read frames from pairs of files; see :class:`roadseg_core.data.source.FrameSource`.

    :param name: data set and split
    :param pairs: the frames
    :param native: the classes that the truth is written in
    :param reader: reads the truth, in native ids
    :param table: uint8 [256]: what each native id becomes
    :param problems: missing files, each named by a sentence
    :param framing: the part and size of the frames
    :param road_only: whether truth is road or not road
    :param strict: whether ids and colours that ``native`` lacks are an error, or ignored
    :param tables: other files that the truth depends on
    """

    name: str
    pairs: tuple[FilePair, ...]
    native: LabelMap
    reader: TruthReader
    table: np.ndarray
    problems: tuple[str, ...] = ()
    framing: Framing = Framing()
    road_only: bool = False
    strict: bool = True
    tables: tuple[Path, ...] = ()

    def __len__(self) -> int:
        return len(self.pairs)

    def read(self, index: int) -> tuple[np.ndarray, Truth]:
        """
        Read one frame as it is in the files.

        :returns: uint8 [H, W, 3], BGR, and the truth in native ids
        :raises DataError: if a file is unreadable or their sizes differ
        """
        pair = self.pairs[index]
        image = read_frame(pair.image)
        truth = self.reader.read(pair.truth)
        if truth.ids.shape != image.shape[:2]:
            raise DataError(
                f'{pair.truth}: {_size(truth.ids)}; expected {_size(image)} as {pair.image}'
            )
        return image, truth

    def load(self, index: int) -> LabelledFrame:
        """Load a frame by its index."""
        image, truth = self.read(index)
        if truth.unknown and self.strict:
            raise DataError(
                f'{self.pairs[index].truth}: {describe_unknown(truth.unknown)} outside the label '
                f'map {self.native.name!r}; correct the file or the map, or set the option '
                'unknown to ignore'
            )
        return LabelledFrame(
            self.pairs[index].name, *self.framing.apply(image, self.table[truth.ids])
        )

    def inputs(self) -> Iterator[Path]:
        """Yield the files that the frames depend on."""
        yield from self.tables
        for pair in self.pairs:
            yield pair.image
            yield pair.truth


def make_source(
    name: str,
    listing: Listing,
    *,
    label_set: str,
    reader: Callable[[LabelMap], TruthReader],
    label_map: LabelMap,
    options: FileOptions,
    tables: Iterable[Path] = (),
) -> PairSource:
    """
    Make the source of a data set whose truth has a label set.

    :param label_set: its name in ``config/label_maps``, unless the options have a file
    :param reader: makes the reader of truth in these classes
    :param label_map: the classes to give
    :raises DataError: if there are no frames; LabelMapError if the classes do not fit
    """
    classes = find_label_set(options.label_set or label_set)
    table = reduction_table(classes, label_map, keep_void=options.void == 'class')
    if not listing.pairs and not listing.problems:
        raise NoSplitError(f'{name}: no frames; choose another split or other options')
    return PairSource(
        name,
        listing.pairs,
        classes.label_map,
        reader(classes.label_map),
        table,
        listing.problems,
        options.framing(),
        strict=options.unknown == 'fail',
        tables=(classes.path, *tables),
    )


def describe_unknown(unknown: Mapping[str, int], *, most: int = 4) -> str:
    """Say which ids or colours are unknown, and on how many pixels."""
    parts = [f'{what} ({count} pixels)' for what, count in list(unknown.items())[:most]]
    return ', '.join(parts) + (f' and {len(unknown) - most} more' if len(unknown) > most else '')


def files_by_stem(paths: Iterable[Path], *, suffix: str = '') -> dict[str, Path]:
    """Return paths by their stem without ``suffix``; those without the suffix are left out."""
    return {path.stem.removesuffix(suffix): path for path in paths if path.stem.endswith(suffix)}


def _size(image: np.ndarray) -> str:
    return f'{image.shape[1]}x{image.shape[0]} pixels'
