"""How far data loading slows training down."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from itertools import chain, count, islice

import torch
from torch import Tensor

from roadseg_core.training.config import TrainingConfig
from roadseg_core.training.distributed import open_processes
from roadseg_core.training.train import Run


@dataclass(frozen=True)
class DataRate:
    """
    Hold images per second of training.

    :param config: name of the configuration
    :param loaded: with samples that are augmented on the way
    :param in_memory: the same steps with augmented samples that lie in memory
    :param ratio: the first over the second
    :param wait_share: the share of time in which training waited for samples
    :param size: (height, width) of the samples
    :param threads: of PyTorch; ``workers`` are the processes that augment
    :param steps: updates of either kind
    """

    config: str
    loaded: float
    in_memory: float
    ratio: float
    wait_share: float
    batch_size: int
    size: tuple[int, int]
    precision: str
    device: str
    threads: int
    workers: int
    steps: int


@dataclass(frozen=True)
class Turn:
    """
    Hold what some updates took; turns add up.

    :param samples: not updates: the last batch of an epoch may be smaller than others
    :param seconds: for all
    :param waited: of it, seconds spent waiting for samples
    """

    samples: int = 0
    seconds: float = 0.0
    waited: float = 0.0

    def __add__(self, other: Turn) -> Turn:
        return Turn(
            self.samples + other.samples, self.seconds + other.seconds, self.waited + other.waited
        )


def take_turn(
    batches: Iterator[tuple[Tensor, Tensor]], train_step: Callable[[Tensor, Tensor], object]
) -> Turn:
    """Do an update with each batch and time it."""
    samples, waited = 0, 0.0
    began = before = time.monotonic()
    for frames, labels in batches:
        waited += time.monotonic() - before
        train_step(frames, labels)
        samples += len(frames)
        before = time.monotonic()
    return Turn(samples, before - began, waited)


def measure_data_loading(config: TrainingConfig, *, steps: int = 10, rounds: int = 5) -> DataRate:
    """
    Train with samples augmented on the way and with ready ones in turns, and print the rates.

    :param steps: updates of each turn; the samples of one turn are kept as the ready ones
    :param rounds: turns of either kind
    """
    with open_processes(config.device) as processes:
        run = Run(config, processes)
        updates = run.updates()
        batches = chain.from_iterable(run.data.epoch(epoch, first_step=0) for epoch in count())
        ready = [next(batches) for _ in range(steps)]
        for frames, labels in ready[:3]:
            updates.train_step(frames, labels, step=0)
        train_step = partial(updates.train_step, step=0)
        loaded, kept = Turn(), Turn()
        for _ in range(rounds):
            # Prefetched samples came for free: let them run out of the measurement.
            for _ in range(4 * config.data.workers):
                next(batches)
            loaded += take_turn(islice(batches, steps), train_step)
            kept += take_turn(iter(ready), train_step)
        # Each process has its share of each batch.
        rates = [processes.count * turn.samples / turn.seconds for turn in (loaded, kept)]
        rate = DataRate(
            config=config.name,
            loaded=round(rates[0], 2),
            in_memory=round(rates[1], 2),
            ratio=round(rates[0] / rates[1], 4),
            wait_share=round(loaded.waited / loaded.seconds, 4),
            batch_size=config.batch_size,
            size=config.train_size or config.data.input_size,
            precision=str(run.precision),
            device=str(processes.device),
            threads=torch.get_num_threads(),
            workers=config.data.workers,
            steps=rounds * steps,
        )
        print(json.dumps(asdict(rate), indent=2))
        return rate
