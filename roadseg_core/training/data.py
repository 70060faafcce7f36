"""Open the data of a run: samples, their loader, validation sets, class weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from roadseg_core.data.dataset import open_source
from roadseg_core.data.source import FrameSource, data_root
from roadseg_core.geometry import Geometry
from roadseg_core.labels import LabelMap
from roadseg_core.training.config import ConfigError, SourceSection, TrainingConfig
from roadseg_core.training.distributed import Processes
from roadseg_core.training.generated import GENERATED, GeneratedStreets
from roadseg_core.training.losses.class_weights import (
    count_labels,
    inverse_frequency,
    median_frequency,
)
from roadseg_core.training.samples import Batches, TrainingSet
from roadseg_core.training.smallest_batch import samples_needed
from roadseg_core.training.validation import ValidationSet, read_validation_set


@dataclass(frozen=True)
class TrainingData:
    """Hold what a run reads; ``road_only`` tells that all training truth is road or not road."""

    samples: TrainingSet
    batches: Batches
    loader: DataLoader
    validation: tuple[ValidationSet, ...]
    description: str
    road_only: bool

    def epoch(self, epoch: int, *, first_step: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the batches of an epoch from a step on: uint8 [N, H, W, 3], uint8 [N, H, W]."""
        self.batches.epoch = epoch
        self.batches.first_step = first_step
        return iter(self.loader)


def find_root(config: TrainingConfig) -> Path:
    """Return the data root; none is needed for data and weights that need no files."""
    sources = (*config.data.train, *config.data.validation)
    if all(source.name in (GENERATED, 'rendered') for source in sources) and not (
        config.network.stem_weights
    ):
        return Path(config.data.root or '.')
    return data_root(config.data.root)


def open_data(
    config: TrainingConfig, *, label_map: LabelMap, geometry: Geometry, processes: Processes
) -> TrainingData:
    """
    Open the data sets of a configuration.

    :raises DataError: if one is missing or broken
    :raises ConfigError: if they make no batch
    """
    root = find_root(config)
    sources = [_open(section, 'train', root, label_map) for section in config.data.train]
    samples = TrainingSet(
        sources,
        repeats=[section.repeat for section in config.data.train],
        size=config.train_size or geometry.input_size,
        augmentation=config.augmentation.build(),
        seed=config.seed,
        in_memory=config.data.in_memory,
    )
    batches = Batches(
        len(samples),
        batch_size=config.batch_size,
        seed=config.seed,
        rank=processes.rank,
        processes=processes.count,
        drop_last=config.drop_last,
        fewest=samples_needed(config, processes),
    )
    if not batches.steps_per_epoch:
        raise ConfigError(
            f'batch_size {config.batch_size}: the {len(samples)} samples of an epoch are no '
            'whole batch, and a smaller one is left out (drop_last, or too small for the '
            'network or the processes); set a smaller batch_size or raise repeat in data.train'
        )
    workers = config.data.workers
    loader = DataLoader(
        samples,
        batch_sampler=batches,
        num_workers=workers,
        persistent_workers=workers > 0,
        prefetch_factor=4 if workers else None,
        pin_memory=processes.device.type == 'cuda',
        # Otherwise each epoch would draw its workers' seeds from the numbers for dropout.
        generator=torch.Generator(),
    )
    validation = open_validation(config, label_map=label_map, geometry=geometry)
    described = ', '.join(f'{source.name} ({len(source)} frames)' for source in sources)
    return TrainingData(
        samples, batches, loader, validation, described, all(source.road_only for source in sources)
    )


def open_validation(
    config: TrainingConfig, *, label_map: LabelMap, geometry: Geometry, frames: int | None = None
) -> tuple[ValidationSet, ...]:
    """
    Read the validation sets of a configuration.

    :param frames: at most so many of each, spread over it; None for all
    :raises DataError: if one is missing or broken
    """
    root = find_root(config)
    return tuple(
        read_validation_set(_open(section, 'val', root, label_map), geometry, frames=frames)
        for section in config.data.validation
    )


def class_weights(
    config: TrainingConfig, samples: TrainingSet, label_map: LabelMap, *, device: torch.device
) -> dict[int, Tensor]:
    """
    Return the weights, float [classes], by the place of each loss that has some.

    :raises ConfigError: if they are of another number, or cannot be drawn from the truth
    """
    weights = {}
    chosen = {
        place: term.class_weights
        for place, term in enumerate(config.loss)
        if term.class_weights != 'none'
    }
    classes = len(label_map.names)
    if any(isinstance(choice, str) for choice in chosen.values()):
        pixels, seen, partly_known = count_labels(
            (samples.frame(i).labels for i in range(len(samples))), label_map
        )
        if partly_known:
            _check_all_seen(pixels, label_map)
    for place, choice in chosen.items():
        if choice == 'median_frequency':
            values = median_frequency(pixels, seen)
        elif choice == 'inverse_frequency':
            values = inverse_frequency(pixels)
        else:
            values = np.asarray(choice, float)
        if len(values) != classes:
            raise ConfigError(
                f'loss.{place}.class_weights: {len(values)} weights; label map '
                f'{label_map.name!r} has {classes} classes'
            )
        weights[place] = torch.tensor(values, dtype=torch.float32, device=device)
    return weights


def _check_all_seen(pixels: np.ndarray, label_map: LabelMap) -> None:
    """Refuse classes of weight 0 where truth that is only known not to be road could be theirs."""
    missing = [label_map.names[i] for i in label_map.valid_ids if not pixels[i]]
    if missing:
        raise ConfigError(
            f'loss: class_weights cannot be drawn from this truth: it says only "not road" of '
            f'some pixels, and no pixel is labelled {", ".join(missing)}, so that not road would '
            'count too little or nothing; give a list of weights or none, train with '
            'data.label_map=two, or add data that has these classes'
        )


def _open(section: SourceSection, split: str, root: Path, label_map: LabelMap) -> FrameSource:
    if section.name == GENERATED:
        return GeneratedStreets(
            split=section.split or split, label_map=label_map, frames=section.frames or 4
        )
    return open_source(
        section.name,
        root=root,
        split=section.split or split,
        label_map=label_map,
        frames=section.frames,
        **section.options,
    )
