"""A label map gives the class ids of a label image their names, colours and meaning."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import index
from pathlib import Path
from typing import Any

import numpy as np

IGNORE = 255
"""The id of pixels without a label: left out of losses and metrics, and outside a crop."""
NOT_ROAD = 254
"""A label that rules the road ids out and says no more, for data sets that know road only."""


class LabelMapError(ValueError):
    """A label map that contradicts itself; the message says what to fix."""


@dataclass(frozen=True)
class LabelMap:
    """
    Name the classes of a label image.

    :param name: name of the map, for example ``seven``
    :param names: class names; the index is the class id
    :param palette: one RGB colour per class, 0..255
    :param road_ids: ids that a vehicle may drive on; at least one
    :param void_ids: ids of the map that mean "nothing known"; never counted in IoU
    :raises LabelMapError: if names, palette and ids do not fit each other
    """

    name: str
    names: tuple[str, ...]
    palette: tuple[tuple[int, int, int], ...]
    road_ids: tuple[int, ...]
    void_ids: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for problem in self._problems():
            raise LabelMapError(f'label map {self.name!r} {problem}')

    def _problems(self) -> Iterator[str]:
        count = len(self.names)
        if not 2 <= count <= IGNORE:
            yield f'has {count} classes; expected 2 to {IGNORE}'
        if len(set(self.names)) != count:
            yield f'names a class twice: {self.names}'
        if len(self.palette) != count:
            yield (
                f'has {count} classes but {len(self.palette)} palette colours; give one RGB '
                'colour per class'
            )
        for colour in self.palette:
            if len(colour) != 3 or not all(0 <= value <= 255 for value in colour):
                yield f'has the colour {colour}; expected three values from 0 to 255'
        if not self.road_ids:
            yield 'has no road ids; name at least one'
        for kind, ids in (('road', self.road_ids), ('void', self.void_ids)):
            for class_id in ids:
                if not 0 <= class_id < count:
                    yield f'has the {kind} id {class_id}; expected 0 to {count - 1}'
        both = set(self.road_ids) & set(self.void_ids)
        if both:
            yield f'has ids that are road and void: {both}'

    @property
    def valid_ids(self) -> tuple[int, ...]:
        """Ids that count in metrics: all but void."""
        return tuple(i for i in range(len(self.names)) if i not in self.void_ids)

    def colorize(self, labels: np.ndarray) -> np.ndarray:
        """
        Paint a label image in the palette.

        :param labels: uint8 [H, W]; ids outside the map are painted black
        :returns: uint8 [H, W, 3], BGR
        """
        import cv2  # late: launch files read label maps, and paint nothing

        tables = np.zeros((3, 256), np.uint8)
        tables[:, : len(self.palette)] = np.asarray(self.palette, np.uint8).T[::-1]
        # Three tables of one channel and a merge take half the time of one table of three.
        return cv2.merge([cv2.LUT(labels, table) for table in tables])

    def road_mask(self, labels: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """
        Find the road.

        :param labels: uint8 [H, W]
        :param out: uint8 [H, W] to fill; None for a new array
        :returns: uint8 [H, W], ``out`` if there is one: 255 where a label is one of the road ids
        """
        import cv2

        # The node does this for every frame; a table takes five times as long.
        if len(self.road_ids) == 1:
            return cv2.inRange(labels, self.road_ids[0], self.road_ids[0], dst=out)
        table = np.zeros(256, np.uint8)
        table[list(self.road_ids)] = 255
        return cv2.LUT(labels, table, dst=out)

    def road_truth(self, labels: np.ndarray) -> np.ndarray:
        """
        Map true labels to 1 road, 0 not road; void to ``IGNORE``.

        :param labels: uint8, any shape: ids of the map, ``NOT_ROAD`` or ``IGNORE``
        """
        table = np.zeros(256, np.uint8)
        table[list(self.road_ids)] = 1
        table[list(self.void_ids)] = IGNORE
        table[IGNORE] = IGNORE
        return table[labels]

    def road_called(self, labels: np.ndarray) -> np.ndarray:
        """Map predicted ids (uint8, any shape) to 1 road, 0 not road; ``IGNORE`` stays: a miss."""
        table = np.zeros(256, np.uint8)
        table[list(self.road_ids)] = 1
        table[IGNORE] = IGNORE
        return table[labels]

    def to_dict(self) -> dict[str, object]:
        """Return the map as plain JSON types; :meth:`from_dict` reads it back."""
        return {
            'name': self.name,
            'names': list(self.names),
            'palette': [list(colour) for colour in self.palette],
            'road_ids': list(self.road_ids),
            'void_ids': list(self.void_ids),
        }

    @classmethod
    def from_dict(cls, values: dict) -> LabelMap:
        """
        Read a map from plain JSON or YAML types.

        :raises LabelMapError: if a key is missing, unknown or of a wrong type
        """
        if not isinstance(values, dict):
            raise LabelMapError(f'a label map is a mapping; found {type(values).__name__}')
        expected = {'name', 'names', 'palette', 'road_ids', 'void_ids'}
        unknown = set(values) - expected
        missing = expected - {'void_ids'} - set(values)
        if unknown or missing:
            raise LabelMapError(
                f'label map with missing keys {sorted(missing)} and unknown keys '
                f'{sorted(unknown)}; expected {sorted(expected)}'
            )
        return cls(
            name=_checked('name', _text, values['name']),
            names=_checked('names', _texts, values['names']),
            palette=_checked('palette', _colours, values['palette']),
            road_ids=_checked('road_ids', _ids, values['road_ids']),
            void_ids=_checked('void_ids', _ids, values.get('void_ids', ())),
        )

    def to_json(self) -> str:
        """Return the map as one line of JSON, as published on ``~/label_map``."""
        return json.dumps(self.to_dict())


def _checked(key: str, read: Callable[[object], Any], value: object) -> Any:
    try:
        return read(value)
    except TypeError as error:
        raise LabelMapError(
            f'label map key {key!r} with a value of a wrong type: {error}'
        ) from error


def _text(value: object) -> str:
    # YAML reads a bare true or 7 as something else; a class named "True" would be a mistake.
    if not isinstance(value, str):
        raise TypeError(f'found {value!r}; expected a name in quotes')
    return value


def _list(value: object) -> list | tuple:
    if not isinstance(value, (list, tuple)):
        raise TypeError(f'found {value!r}; expected a list')
    return value


def _texts(value: object) -> tuple[str, ...]:
    return tuple(_text(name) for name in _list(value))


def _ids(value: object) -> tuple[int, ...]:
    return tuple(index(number) for number in _list(value))


def _colours(value: object) -> tuple[tuple[int, ...], ...]:
    return tuple(_ids(colour) for colour in _list(value))


SEVEN = LabelMap(
    name='seven',
    names=('sky', 'infrastructure', 'road', 'sidewalk', 'vehicles', 'vru', 'void'),
    palette=(
        (70, 130, 180),
        (255, 255, 0),
        (0, 255, 0),
        (244, 35, 232),
        (0, 0, 255),
        (255, 0, 0),
        (0, 0, 0),
    ),
    road_ids=(2,),
    void_ids=(6,),
)

TWO = LabelMap(
    name='two', names=('not road', 'road'), palette=((0, 0, 0), (0, 255, 0)), road_ids=(1,)
)

EIGHT = LabelMap(
    name='eight',
    names=('void', 'flat', 'construction', 'object', 'nature', 'sky', 'human', 'vehicle'),
    palette=(
        (0, 0, 0),
        (128, 64, 128),
        (70, 70, 70),
        (153, 153, 153),
        (107, 142, 35),
        (70, 130, 180),
        (220, 20, 60),
        (0, 0, 142),
    ),
    road_ids=(1,),
    void_ids=(0,),
)

LABEL_MAPS = {label_map.name: label_map for label_map in (SEVEN, TWO, EIGHT)}
"""The maps to train with that are known without reading a file."""


def load_label_map(path: str | Path) -> LabelMap:
    """
    Read a label map from a YAML file; its ``reductions`` to other maps are left aside.

    :raises LabelMapError: if the file is no YAML mapping or the map contradicts itself
    """
    values = read_label_file(path)
    values.pop('reductions', None)
    try:
        return LabelMap.from_dict(values)
    except LabelMapError as error:
        raise LabelMapError(f'{path}: {error}') from error


def read_label_file(path: str | Path) -> dict:
    """Read the mapping of a label map's YAML file; LabelMapError if it is none."""
    from roadseg_core.yaml_file import YamlError, load_mapping

    try:
        return load_mapping(path)
    except YamlError as error:
        raise LabelMapError(str(error)) from error
