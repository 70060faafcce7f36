"""Define the label ids of data sets, and map them to other label maps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from roadseg_core.files import find_config
from roadseg_core.labels import (
    IGNORE,
    LABEL_MAPS,
    LabelMap,
    LabelMapError,
    load_label_map,
    read_label_file,
)

IGNORED = 'ignore'
"""What a reduction calls the classes that become :data:`roadseg_core.labels.IGNORE`."""

REST = 'rest'
"""What a reduction writes for the class that takes all classes not named elsewhere."""


@dataclass(frozen=True)
class LabelSet:
    """
    Hold the classes of a data set's truth and their reductions.

    :param label_map: the classes as they are in the files; the index is the id
    :param reductions: by the name of another map, the names of the classes here, by class there
    :param path: the file, named in errors
    """

    label_map: LabelMap
    reductions: Mapping[str, Mapping[str, tuple[str, ...]]]
    path: Path


def find_label_map(name: str | Path) -> LabelMap:
    """
    Find a label map: a built-in one, one of ``config/label_maps``, or a YAML file.

    :param name: such as ``seven``, ``cityscapes`` or ``streets.yaml``
    :raises LabelMapError: if there is none, or it contradicts itself
    """
    return LABEL_MAPS.get(str(name)) or load_label_map(
        find_config('label_maps', name, LabelMapError)
    )


def find_label_set(name: str | Path) -> LabelSet:
    """
    Find the label set of a name in ``config/label_maps``, or of a YAML file.

    :raises LabelMapError: if there is none, or it contradicts itself; names file and key
    """
    return load_label_set(find_config('label_maps', name, LabelMapError))


def load_label_set(path: Path) -> LabelSet:
    """
    Read a label map with its reductions, and check that each class goes to one place.

    :raises LabelMapError: names the file and the key
    """
    label_map = load_label_map(path)
    written = read_label_file(path).get('reductions', {})
    reductions = {}
    for target, classes in _mapping(written, path, 'reductions').items():
        reductions[str(target)] = _read_reduction(classes, label_map, path, f'reductions.{target}')
    return LabelSet(label_map, reductions, path)


def _read_reduction(
    value: object, label_map: LabelMap, path: Path, key: str
) -> dict[str, tuple[str, ...]]:
    classes = _mapping(value, path, key)
    place: dict[str, str] = {}
    rests = [str(there) for there, here in classes.items() if here == REST]
    if len(rests) > 1:
        raise LabelMapError(f'{path}: {key}: {rests} are all {REST!r}; only one can be')
    for there, here in classes.items():
        if here == REST:
            continue
        if not isinstance(here, list):
            raise LabelMapError(
                f'{path}: {key}.{there}: found {here!r}; expected a list of classes or {REST!r}'
            )
        for name in here:
            if name not in label_map.names:
                raise LabelMapError(
                    f'{path}: {key}.{there}: no class {name!r}; expected some of '
                    f'{list(label_map.names)}'
                )
            if name in place:
                raise LabelMapError(
                    f'{path}: {key}.{there}: {name!r} is in {place[name]!r} already'
                )
            place[name] = str(there)
    left = tuple(name for name in label_map.names if name not in place)
    if left and not rests:
        raise LabelMapError(
            f'{path}: {key}: {list(left)} become nothing; put them into a class or into {IGNORED!r}'
        )
    return {str(there): left if here == REST else tuple(here) for there, here in classes.items()}


def _mapping(value: object, path: Path, key: str) -> Mapping:
    if not isinstance(value, dict):
        raise LabelMapError(f'{path}: {key}: found {value!r}; expected a mapping')
    return value


def reduction_table(label_set: LabelSet, target: LabelMap, *, keep_void: bool) -> np.ndarray:
    """
    Make the table from the ids of a data set to those of a label map.

    A reduction that is not written down is composed of those that are, over as few maps as
    possible.

    :param keep_void: whether void truth becomes the map's void class, not ``IGNORE``
    :returns: uint8 [256]; ids outside the set become ``IGNORE``
    :raises LabelMapError: if no reduction leads to the map, or one names classes it has not
    """
    table = np.full(256, IGNORE, np.uint8)
    for class_id, there in enumerate(_classes_in(label_set, target)):
        if there is not None:
            table[class_id] = target.names.index(there)
    if not keep_void:
        table[np.isin(table, target.void_ids)] = IGNORE
    return table


def _classes_in(label_set: LabelSet, target: LabelMap) -> list[str | None]:
    """Return the target's class, or None for ignored, for each id of the set."""
    names = label_set.label_map.names
    if set(names) == set(target.names):
        return list(names)
    # Breadth first: (map reached, class there of each of our ids).
    waiting: list[tuple[LabelSet, list[str | None]]] = [(label_set, list(names))]
    reached = {label_set.label_map.name}
    while waiting:
        here, classes = waiting.pop(0)
        if target.name in here.reductions:
            return _step(here, target.name, classes, target.names)
        for name in here.reductions:
            if name not in reached:
                reached.add(name)
                there = find_label_set(name)
                waiting.append((there, _step(here, name, classes, there.label_map.names)))
    raise LabelMapError(
        f'{label_set.path}: reductions: no way to {target.name!r}, only to '
        f'{sorted(reached)}; write reductions.{target.name} there, or give the option label_set '
        'a file that has it'
    )


def _step(
    label_set: LabelSet, target: str, classes: list[str | None], target_names: tuple[str, ...]
) -> list[str | None]:
    becomes: dict[str | None, str | None] = {None: None}
    for there, here in label_set.reductions[target].items():
        ignored = there == IGNORED and IGNORED not in target_names
        if not ignored and there not in target_names:
            raise LabelMapError(
                f'{label_set.path}: reductions.{target}.{there}: {target!r} has no such class; '
                f'expected some of {[*target_names, IGNORED]}'
            )
        becomes.update(dict.fromkeys(here, None if ignored else there))
    return [becomes[name] for name in classes]
