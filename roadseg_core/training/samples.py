"""Draw samples and batches that depend only on the seed, the epoch and their number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.utils.data import Dataset, Sampler

from roadseg_core.data.source import FrameSource, LabelledFrame
from roadseg_core.training.augmentation import augment
from roadseg_core.training.config import Augmentation
from roadseg_core.training.placement import Placement


@dataclass(frozen=True)
class TrainingSource:
    """
    Hold a data set to train on.

    :param placement: brings its frames to the size of the samples
    :param repeat: how often an epoch goes through it
    """

    frames: FrameSource
    placement: Placement
    repeat: int = 1


class TrainingSet(Dataset):
    """
    Draw augmented samples; the same (seed, epoch, index) gives the same sample.

    :param in_memory: keep the decoded frames: decoding takes longer than augmenting
    """

    def __init__(
        self,
        sources: Sequence[TrainingSource],
        *,
        augmentation: Augmentation,
        seed: int,
        in_memory: bool = True,
    ) -> None:
        self._sources = sources
        # (source, frame) of each sample of an epoch.
        self._places = [
            (number, index)
            for number, source in enumerate(sources)
            for _ in range(source.repeat)
            for index in range(len(source.frames))
        ]
        self._kept: dict[tuple[int, int], LabelledFrame] = {}
        if in_memory:
            self._kept = {
                (number, index): source.frames.load(index)
                for number, source in enumerate(sources)
                for index in range(len(source.frames))
            }
        self._augmentation = augmentation
        self._seed = seed

    def __len__(self) -> int:
        return len(self._places)

    def labels(self) -> Iterator[np.ndarray]:
        """Yield the truth of every sample as the data sets have it: uint8 [H, W]."""
        for place in self._places:
            yield self._frame(place).labels

    def _frame(self, place: tuple[int, int]) -> LabelledFrame:
        kept = self._kept.get(place)
        return self._sources[place[0]].frames.load(place[1]) if kept is None else kept

    def __getitem__(self, place: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
        """
        Return a sample: uint8 [H, W, 3] BGR, uint8 [H, W] labels.

        :param place: (epoch, index)
        """
        epoch, index = place
        frame = self._frame(self._places[index])
        image, labels = augment(
            frame.image,
            frame.labels,
            placement=self._sources[self._places[index][0]].placement,
            augmentation=self._augmentation,
            rng=np.random.default_rng((self._seed, epoch, index)),
        )
        return torch.from_numpy(image), torch.from_numpy(labels)


class Batches(Sampler):
    """
    Say which samples each step of an epoch takes, in an order of the epoch's own.

    Every process of a distributed run takes its share of the same batch. Set ``epoch`` and
    ``first_step`` before iterating: a resumed run starts within an epoch.

    :param samples: number of samples of an epoch
    :param batch_size: samples of a step, over all processes
    :param rank: number of this process
    :param processes: how many there are
    :param drop_last: leave out a smaller batch at the end
    :param fewest: leave it out, too, if a process would get fewer samples of it
    """

    def __init__(
        self,
        samples: int,
        *,
        batch_size: int,
        seed: int,
        rank: int = 0,
        processes: int = 1,
        drop_last: bool = False,
        fewest: int = 1,
    ) -> None:
        self._samples = samples
        self._batch_size = batch_size
        self._seed = seed
        self._rank = rank
        self._processes = processes
        full, rest = divmod(samples, batch_size)
        self._steps = full + (not drop_last and rest >= fewest * processes)
        self.epoch = 0
        self.first_step = 0

    @property
    def steps_per_epoch(self) -> int:
        """The steps of a whole epoch: ceil(samples / batch size) where none is left out."""
        return self._steps

    @property
    def left_out(self) -> int:
        """The samples that each epoch leaves out, others in each."""
        return max(0, self._samples - self._steps * self._batch_size)

    def __len__(self) -> int:
        return self._steps - self.first_step

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        order = np.random.default_rng((self._seed, self.epoch)).permutation(self._samples)
        for step in range(self.first_step, self._steps):
            batch = order[step * self._batch_size : (step + 1) * self._batch_size]
            yield [(self.epoch, int(i)) for i in batch[self._rank :: self._processes]]
