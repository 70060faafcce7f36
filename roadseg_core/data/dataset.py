"""Data sets by name."""

from __future__ import annotations

from pathlib import Path

from roadseg_core.data.camvid import CamVid
from roadseg_core.data.kitti_road import KittiRoad
from roadseg_core.data.source import DataError, FrameSource
from roadseg_core.labels import LabelMap

SOURCES = ('camvid', 'kitti_road', 'rendered')
"""Names that :func:`open_source` knows."""


def open_source(name: str, *, root: Path, split: str, label_map: LabelMap,
                frames: int | None = None) -> FrameSource:
    """
    Open a data set by its name.

    :param name: one of :data:`SOURCES`
    :param root: the data root
    :param split: ``train`` or ``val``
    :param frames: how many frames to render, for ``rendered`` only
    :raises DataError: if the name is unknown or the data set cannot be read
    """
    if name == 'camvid':
        return CamVid(root, split=split, label_map=label_map)
    if name == 'kitti_road':
        return KittiRoad(root, split=split, label_map=label_map)
    if name == 'rendered':
        from roadseg_core.data.rendered import RenderedDrives

        return RenderedDrives(split=split, label_map=label_map, frames=frames or 120)
    raise DataError(f'data set {name!r}; expected one of {SOURCES}')
