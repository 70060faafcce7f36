"""Convert truth images to ids; they hold ids, or the colours of a palette or a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from roadseg_core.data.source import DataError, read_image
from roadseg_core.labels import IGNORE, LabelMap

_PNG_COLOUR_TYPE = 25
"""Where a PNG states its colour type; 3 is a palette."""


@dataclass(frozen=True)
class Truth:
    """
    Hold the truth of one frame in the ids of its data set.

    :param ids: uint8 [H, W]; ``IGNORE`` where there is no truth
    :param unknown: pixels by what stands there, such as ``id 47``, where the label map knows
        it not; their ids are ``IGNORE``
    """

    ids: np.ndarray
    unknown: Mapping[str, int] = field(default_factory=dict)


class TruthReader(Protocol):
    """Reads truth images of one coding."""

    def read(self, path: Path) -> Truth:
        """Read one file; DataError if it cannot be read."""


class IdTruth:
    """
    Read images whose values are the ids; 255 is no truth. Palette images give their indices.

    :param label_map: the ids that there may be
    :param first_id: the value that stands for id 0; lower values are no truth
    """

    def __init__(self, label_map: LabelMap, *, first_id: int = 0) -> None:
        self._classes = len(label_map.names)
        self._first = first_id

    def read(self, path: Path) -> Truth:
        """Read one file; DataError if it cannot be read or holds colours."""
        values = read_values(path)
        if values.ndim != 2:
            raise DataError(f'{path}: {values.shape}; expected one channel with the ids')
        return self.decode(values)

    def decode(self, values: np.ndarray) -> Truth:
        """Read an image of ids: unsigned integers [H, W]."""
        counts = np.bincount(values.ravel())
        ids = np.full(len(counts), IGNORE, np.uint8)
        known = min(self._classes, max(0, len(counts) - self._first))
        ids[self._first : self._first + known] = np.arange(known)
        unknown = {
            f'id {value}': int(counts[value])
            for value in np.flatnonzero(counts)
            if value >= self._first + self._classes and value != IGNORE
        }
        return Truth(ids[values], unknown)


class ColourTruth:
    """
    Read images painted in one or more colours per class.

    :param colours: the id of each RGB colour
    """

    def __init__(self, colours: Mapping[tuple[int, int, int], int]) -> None:
        codes = np.array([_code(colour) for colour in colours], np.uint32)
        order = np.argsort(codes)
        self._codes = codes[order]
        self._ids = np.array(list(colours.values()), np.uint8)[order]

    @classmethod
    def of_palette(cls, label_map: LabelMap) -> ColourTruth:
        """Read the colours of a label map's palette."""
        return cls({colour: i for i, colour in enumerate(label_map.palette)})

    def read(self, path: Path) -> Truth:
        """Read one file; DataError if it cannot be read."""
        return self.decode(read_image(path, cv2.IMREAD_COLOR))

    def decode(self, image: np.ndarray) -> Truth:
        """Read an image of colours: uint8 [H, W, 3], BGR."""
        # As single numbers, colours sort and compare as fast as ids.
        pixels = image.astype(np.uint32)
        codes = pixels[..., 2] << 16 | pixels[..., 1] << 8 | pixels[..., 0]
        place = np.searchsorted(self._codes, codes)
        place[place == len(self._codes)] = 0
        ids = self._ids[place]
        strange = self._codes[place] != codes
        if not strange.any():
            return Truth(ids)
        ids[strange] = IGNORE
        values, counts = np.unique(codes[strange], return_counts=True)
        return Truth(
            ids,
            {
                f'colour {value >> 16},{value >> 8 & 255},{value & 255}': int(count)
                for value, count in zip(values.tolist(), counts.tolist())
            },
        )


class AnyTruth:
    """
    Read images of ids, or of a label map's palette where they have three channels.

    :param label_map: ids and colours that there may be
    :param first_id: the value that stands for id 0 in images of ids
    """

    def __init__(self, label_map: LabelMap, *, first_id: int = 0) -> None:
        self._of_ids = IdTruth(label_map, first_id=first_id)
        self._of_colours = ColourTruth.of_palette(label_map)

    def read(self, path: Path) -> Truth:
        """Read one file; DataError if it cannot be read."""
        values = read_values(path)
        if values.ndim == 2:
            return self._of_ids.decode(values)
        return self._of_colours.decode(values[..., :3])


def _code(colour: tuple[int, int, int]) -> int:
    red, green, blue = colour
    return red << 16 | green << 8 | blue


def read_values(path: Path) -> np.ndarray:
    """Read a truth image as it is, a palette image as its indices; DataError if unreadable."""
    try:
        with path.open('rb') as file:
            start = file.read(_PNG_COLOUR_TYPE + 1)
    except OSError as error:
        raise DataError(f'{path}: not readable: {error.strerror}') from error
    if start[1:4] == b'PNG' and start[_PNG_COLOUR_TYPE:] == b'\x03':
        # OpenCV would put the palette's colours in.
        from PIL import Image

        try:
            with Image.open(path) as image:
                return np.asarray(image)
        except (OSError, SyntaxError) as error:
            raise DataError(f'{path}: no readable image: {error}') from error
    return read_image(path, cv2.IMREAD_UNCHANGED)


def read_colours(path: Path | None, classes: LabelMap, *, name_first: bool) -> ColourTruth:
    """
    Read a table of ``r g b name``, or ``name r g b`` below a header.

    Every instance becomes its class: ``Car:0`` and ``Car:1`` are both ``Car``.

    :param path: the file, or None for the palette of the classes
    :param name_first: whether the name stands before the colour
    :raises DataError: names the line that is none, or that has an unknown class
    """
    if path is None:
        return ColourTruth.of_palette(classes)
    try:
        lines = path.read_text(encoding='utf-8').splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f'{path}: no readable colour table: {error}') from error
    colours: dict[tuple[int, int, int], int] = {}
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith('Category'):
            continue
        name, numbers = (words[0], words[1:]) if name_first else (words[-1], words[:-1])
        colour = tuple(int(word) for word in numbers if word.isdigit())
        if len(numbers) != 3 or len(colour) != 3 or max(colour) > 255:
            expected = 'name r g b' if name_first else 'r g b name'
            raise DataError(f'{path}:{number}: {line!r}; expected "{expected}"')
        name = name.partition(':')[0]
        if name not in classes.names:
            raise DataError(
                f'{path}:{number}: class {name!r}; expected one of {list(classes.names)}'
            )
        class_id = classes.names.index(name)
        if colours.setdefault(colour, class_id) != class_id:
            raise DataError(
                f'{path}:{number}: the colour {colour} is {classes.names[colours[colour]]} already'
            )
    if not colours:
        raise DataError(f'{path}: no colours in this table')
    return ColourTruth(colours)
