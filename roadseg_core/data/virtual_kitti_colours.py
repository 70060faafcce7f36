"""The colour tables that come with Virtual KITTI."""

from __future__ import annotations

from pathlib import Path

from roadseg_core.data.source import DataError
from roadseg_core.data.truth import ColourTruth
from roadseg_core.labels import LabelMap


def read_colours(path: Path | None, classes: LabelMap) -> ColourTruth:
    """
    Read a table of ``Category r g b`` or ``Category:instance r g b``; the first line is a header.

    Every instance becomes its category: ``Car:0`` and ``Car:1`` are both ``Car``.

    :param path: the file, or None for the palette of the classes
    :raises DataError: names the line that is none, or that has an unknown category
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
        values = tuple(int(word) for word in words[1:] if word.isdigit())
        if len(words) != 4 or len(values) != 3 or max(values) > 255:
            raise DataError(f'{path}:{number}: {line!r}; expected "Category r g b"')
        category = words[0].partition(':')[0]
        if category not in classes.names:
            raise DataError(
                f'{path}:{number}: category {category!r}; expected one of {list(classes.names)}'
            )
        class_id = classes.names.index(category)
        if colours.setdefault(values, class_id) != class_id:
            raise DataError(
                f'{path}:{number}: the colour {values} is {classes.names[colours[values]]} already'
            )
    if not colours:
        raise DataError(f'{path}: no colours; expected lines "Category r g b"')
    return ColourTruth(colours)
