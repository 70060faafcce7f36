"""How far data loading slows training down."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from itertools import chain, count

import torch

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


def measure_data_loading(config: TrainingConfig, *, steps: int = 10, rounds: int = 5) -> DataRate:
    """
    Train with samples augmented on the way and with ready ones in turns, and print the rates.

    :param steps: updates of each turn; the samples of one turn are kept as the ready ones
    :param rounds: turns of either kind
    """
    with open_processes(config.device) as processes:
        run = Run(config, processes)
        updates = run.updates()
        batches = chain.from_iterable(
            run.data.epoch(epoch, first_step=0) for epoch in count())
        ready = [next(batches) for _ in range(steps)]
        for frames, labels in ready[:3]:
            updates.train_step(frames, labels, step=0)
        spent, waited, plain = 0.0, 0.0, 0.0
        for _ in range(rounds):
            # Prefetched samples came for free: let them run out of the measurement.
            for _ in range(4 * config.data.workers):
                next(batches)
            for _ in range(steps):
                began = time.monotonic()
                frames, labels = next(batches)
                waited += time.monotonic() - began
                updates.train_step(frames, labels, step=0)
                spent += time.monotonic() - began
            began = time.monotonic()
            for frames, labels in ready:
                updates.train_step(frames, labels, step=0)
            plain += time.monotonic() - began
        images = rounds * steps * config.batch_size
        rate = DataRate(
            config=config.name, loaded=round(images / spent, 2),
            in_memory=round(images / plain, 2),
            ratio=round(plain / spent, 4), wait_share=round(waited / spent, 4),
            batch_size=config.batch_size, size=config.train_size or config.data.input_size,
            precision=str(run.precision), device=str(processes.device),
            threads=torch.get_num_threads(), workers=config.data.workers, steps=rounds * steps)
        print(json.dumps(asdict(rate), indent=2))
        return rate
