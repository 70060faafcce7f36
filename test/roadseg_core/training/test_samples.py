"""Tests of samples and their order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadseg_core.data.source import LabelledFrame
from roadseg_core.geometry import Geometry
from roadseg_core.training.config import Augmentation
from roadseg_core.training.placement import Placement
from roadseg_core.training.samples import Batches, TrainingSet, TrainingSource


@dataclass
class Ramps:
    """Frames of one grey level each that count how often they are read."""

    name: str = 'ramps'
    road_only: bool = False
    reads: int = 0

    def __len__(self) -> int:
        return 2

    def load(self, index: int) -> LabelledFrame:
        self.reads += 1
        return LabelledFrame(
            str(index),
            np.full((8, 12, 3), 100 + index, np.uint8),
            np.full((8, 12), index, np.uint8),
        )


@pytest.mark.parametrize(('in_memory', 'reads'), [(True, 2), (False, 4)])
def test_samples_repeat_and_differ(in_memory: bool, reads: int) -> None:
    source = Ramps()
    samples = TrainingSet(
        [TrainingSource(source, Placement(Geometry('stretch', (32, 64))), repeat=3)],
        in_memory=in_memory,
        seed=4,
        augmentation=Augmentation(flip=0.5, crop=1.0, gain=0.5, noise=9.0),
    )
    assert len(samples) == 6
    image, labels = samples[0, 1]
    assert image.shape == (32, 64, 3) and labels.shape == (32, 64)
    assert (samples[0, 1][0] == image).all()
    assert (samples[1, 1][0] != image).any()
    assert (samples[0, 3][0] != image).any() and (samples[0, 3][1] == 1).all()
    assert source.reads == reads + (not in_memory)


@given(samples=st.integers(1, 40), batch_size=st.integers(1, 9), epoch=st.integers(0, 3))
def test_an_epoch_takes_every_sample_once(samples: int, batch_size: int, epoch: int) -> None:
    batches = Batches(samples, batch_size=batch_size, seed=1)
    batches.epoch = epoch
    taken = [place for batch in batches for place in batch]
    assert sorted(taken) == [(epoch, i) for i in range(samples)]
    assert batches.steps_per_epoch == len(list(batches)) == -(-samples // batch_size)


@given(samples=st.integers(1, 40), first=st.integers(0, 5))
def test_a_resumed_epoch_goes_on_with_the_same_batches(samples: int, first: int) -> None:
    batches = Batches(samples, batch_size=3, seed=1)
    whole = list(batches)
    batches.first_step = min(first, len(whole))
    assert list(batches) == whole[first:]


@given(samples=st.integers(1, 40), processes=st.integers(1, 3))
def test_processes_share_each_batch(samples: int, processes: int) -> None:
    shares = [
        list(Batches(samples, batch_size=6, seed=1, rank=rank, processes=processes))
        for rank in range(processes)
    ]
    whole = list(Batches(samples, batch_size=6, seed=1))
    for number, parts in enumerate(zip(*shares, strict=True)):
        assert all(parts)
        assert sorted(sum(parts, [])) == sorted(whole[number])


def test_a_smaller_last_batch_can_be_left_out() -> None:
    batches = Batches(7, batch_size=3, seed=1, drop_last=True)
    assert batches.steps_per_epoch == len(list(batches)) == 2
    assert batches.left_out == 1


@given(samples=st.integers(6, 40), processes=st.integers(1, 3))
def test_a_last_batch_of_too_few_samples_is_left_out(samples: int, processes: int) -> None:
    batches = [
        Batches(samples, batch_size=6, seed=1, rank=rank, processes=processes, fewest=2)
        for rank in range(processes)
    ]
    assert len({part.steps_per_epoch for part in batches}) == 1
    assert all(len(batch) >= 2 for part in batches for batch in part)
    taken = sum(len(batch) for part in batches for batch in part)
    assert taken == samples - batches[0].left_out
    assert batches[0].left_out == (samples % 6 if samples % 6 < 2 * processes else 0)
