"""Read the colour tables that come with data sets."""

from __future__ import annotations

from pathlib import Path

from roadseg_core.data.source import DataError
from roadseg_core.data.truth import ColourTruth
from roadseg_core.labels import LabelMap


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
