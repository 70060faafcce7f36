"""Data sets by name."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from roadseg_core.data.cache import open_cached
from roadseg_core.data.camvid import open_camvid
from roadseg_core.data.cityscapes import CityscapesOptions, open_cityscapes
from roadseg_core.data.comma10k import open_comma10k
from roadseg_core.data.folder import FolderOptions, open_folder
from roadseg_core.data.generated import GeneratedOptions, GeneratedStreets
from roadseg_core.data.kitti_road import KittiRoadOptions, open_kitti_road
from roadseg_core.data.kitti_semantic import KittiSemanticOptions, open_kitti_semantic
from roadseg_core.data.location import cache_folder
from roadseg_core.data.options import CacheOptions, FileOptions, parse_options
from roadseg_core.data.rendered import RenderedDrives, RenderedOptions
from roadseg_core.data.source import (
    DataError,
    FrameSource,
    NoSplitError,
    Selection,
    readable_frames,
)
from roadseg_core.data.splits import spread
from roadseg_core.data.virtual_kitti import VirtualKittiOptions, open_virtual_kitti
from roadseg_core.labels import LabelMap

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DataSet:
    """How a data set is opened, its options and the splits that it may have."""

    open: Callable[..., FrameSource]
    options: type[CacheOptions]
    splits: tuple[str, ...]


def _without_root(make: Callable[..., FrameSource]) -> Callable[..., FrameSource]:
    """Return what opens a data set that the program draws: it needs no folder."""
    return lambda root, **arguments: make(**arguments)


DATA_SETS: Mapping[str, DataSet] = {
    'camvid': DataSet(open_camvid, FileOptions, ('train', 'val', 'test')),
    'cityscapes': DataSet(open_cityscapes, CityscapesOptions, ('train', 'val', 'test')),
    'comma10k': DataSet(open_comma10k, FileOptions, ('train', 'val')),
    'folder': DataSet(open_folder, FolderOptions, ('train', 'val', 'test')),
    'generated': DataSet(_without_root(GeneratedStreets), GeneratedOptions, ('train', 'val')),
    'kitti_road': DataSet(open_kitti_road, KittiRoadOptions, ('train', 'val')),
    'kitti_semantic': DataSet(open_kitti_semantic, KittiSemanticOptions, ('train', 'val', 'test')),
    'rendered': DataSet(_without_root(RenderedDrives), RenderedOptions, ('train', 'val')),
    'virtual_kitti': DataSet(open_virtual_kitti, VirtualKittiOptions, ('train', 'val')),
}

SOURCES = tuple(DATA_SETS)
"""Names that :func:`open_source` knows."""

DRAWN = ('generated', 'rendered')
"""Those that the program draws itself; the others are read from files."""


def open_source(
    name: str,
    *,
    root: Path,
    split: str,
    label_map: LabelMap,
    frames: int | None = None,
    options: Mapping[str, object] | None = None,
    **named: object,
) -> FrameSource:
    """
    Open a data set by its name.

    Missing and damaged files are an error; with the option ``on_error: skip`` their frames are
    left out, and a warning counts and names them.

    :param name: one of :data:`SOURCES`
    :param root: the data root, see :func:`roadseg_core.data.source.data_root`
    :param split: ``train``, ``val`` or, where there is truth for it, ``test``
    :param label_map: the classes to give
    :param frames: how many frames to use, the same as the option
    :param options: the data set's options, see :mod:`roadseg_core.data.options` and its module;
        ``named`` ones are added
    :raises DataError: if the name or an option is unknown or the data set cannot be read
    :raises LabelMapError: if the truth does not reduce to the label map
    """
    given = {**(options or {}), **named}
    if frames is not None:
        given['frames'] = frames
    source, parsed = open_unchecked(
        name, root=root, split=split, label_map=label_map, options=given
    )
    problems = source.problems
    if problems and parsed.on_error == 'fail':
        raise DataError(
            f'{source.name}: {len(problems)} missing files: {"; ".join(problems[:3])}'
            f'{"; ..." if len(problems) > 3 else ""}; complete the data set, or set the option '
            'on_error to skip'
        )
    chosen = spread(range(len(source)), parsed.frames)
    skipped = list(problems)
    if parsed.cache:
        result, damaged = open_cached(
            Selection(source, tuple(chosen)),
            folder=cache_folder(Path(root), parsed),
            label_map=label_map,
            options=parsed,
        )
        skipped += damaged
    else:
        if parsed.on_error == 'skip':
            chosen, damaged = readable_frames(source, chosen)
            skipped += damaged
        result = Selection(source, tuple(chosen))
    if skipped:
        _log.warning('%s: skipped %d frames: %s', source.name, len(skipped), '; '.join(skipped))
    if not len(result):
        raise DataError(f'{source.name}: no readable frames: {"; ".join(skipped[:3])}')
    return result


def open_unchecked(
    name: str, *, root: Path, split: str, label_map: LabelMap, options: Mapping[str, object]
) -> tuple[FrameSource, CacheOptions]:
    """
    Open a data set as it is, with its problems, whatever its options say about them.

    :returns: the source, with ``problems``, and its options
    :raises DataError: if the name, the split or an option is unknown or folders are missing
    """
    if name not in DATA_SETS:
        raise DataError(f'data set {name!r}; expected one of {SOURCES}')
    data_set = DATA_SETS[name]
    if split not in data_set.splits:
        known = ' or '.join(data_set.splits)
        raise NoSplitError(f'{name} split {split!r}; expected {known}')
    parsed = parse_options(data_set.options, options, name)
    return data_set.open(Path(root), split=split, label_map=label_map, options=parsed), parsed
