"""Sources by name, and a training set that draws augmented samples from several of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import Dataset

from roadseg_core.data.camvid import CamVid
from roadseg_core.data.kitti_road import KittiRoad
from roadseg_core.data.source import DataError, FrameSource
from roadseg_core.labels import LabelMap
from roadseg_core.training.augmentation import Augmentation, augment

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


class TrainingSet(Dataset):
    """
    Draw augmented samples; the same (seed, epoch, index) gives the same sample.

    Decoded frames are kept in memory: decoding takes longer than augmenting.

    :param sources: the data sets
    :param repeats: how often an epoch goes through each of them
    :param size: (height, width) of the samples
    """

    def __init__(self, sources: Sequence[FrameSource], *, repeats: Sequence[int],
                 size: tuple[int, int], augmentation: Augmentation, seed: int) -> None:
        frames = [[source.load(i) for i in range(len(source))] for source in sources]
        self._frames = [frame for some, repeat in zip(frames, repeats, strict=True)
                        for frame in some * repeat]
        self._size = size
        self._augmentation = augmentation
        self._seed = seed
        self.epoch = 0

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the sample: uint8 [H, W, 3] BGR, uint8 [H, W] labels."""
        rng = np.random.default_rng((self._seed, self.epoch, index))
        frame = self._frames[index]
        image, labels = augment(frame.image, frame.labels, size=self._size,
                                augmentation=self._augmentation, rng=rng)
        return torch.from_numpy(image), torch.from_numpy(labels)
