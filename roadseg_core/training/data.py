"""Open the data of a run: samples, their loader and the validation sets."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from roadseg_core.data.dataset import DATA_SETS, DRAWN, open_source
from roadseg_core.data.options import FileOptions, parse_options
from roadseg_core.data.source import FrameSource, data_root
from roadseg_core.geometry import Geometry
from roadseg_core.labels import LabelMap
from roadseg_core.models import build_network
from roadseg_core.training.config import ConfigError, SourceSection, TrainingConfig
from roadseg_core.training.distributed import Processes
from roadseg_core.training.placement import Placement
from roadseg_core.training.samples import Batches, TrainingSet, TrainingSource
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


def find_root(config: TrainingConfig) -> Path | None:
    """Return the data root; None where no data set needs one and none is set."""
    sources = (*config.data.train, *config.data.validation)
    if config.data.root is None and all(source.name in DRAWN for source in sources):
        return None
    return data_root(config.data.root)


def geometry_of(config: TrainingConfig) -> Geometry:
    """Return the geometry of the model that a configuration trains."""
    return Geometry(config.data.geometry, config.data.input_size, config.data.share)


def open_training_data(
    config: TrainingConfig, *, label_map: LabelMap, processes: Processes
) -> TrainingData:
    """
    Open the data sets of a configuration.

    :raises DataError: if one is missing or broken
    :raises ConfigError: if they make no batch, or are cut otherwise than on the vehicle
    """
    geometry = geometry_of(config)
    of_samples = replace(geometry, input_size=config.train_size or geometry.input_size)
    placements = [placement_of(section, of_samples) for section in config.data.train]
    sources = [
        TrainingSource(_open(config, section, 'train', label_map), placement, section.repeat)
        for section, placement in zip(config.data.train, placements)
    ]
    samples = TrainingSet(
        sources,
        augmentation=config.augmentation,
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
        fewest=fewest_samples(config, processes),
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
        # Ctrl-C reaches all processes of a terminal; the first one ends the others.
        worker_init_fn=_ignore_interrupts,
        # Otherwise each epoch would draw its workers' seeds from the numbers for dropout.
        generator=torch.Generator(),
    )
    return TrainingData(
        samples,
        batches,
        loader,
        open_validation(config, label_map=label_map),
        ', '.join(f'{one.frames.name} ({len(one.frames)} frames)' for one in sources),
        all(source.frames.road_only for source in sources),
    )


def open_validation(
    config: TrainingConfig, *, label_map: LabelMap, frames: int | None = None
) -> tuple[ValidationSet, ...]:
    """
    Read the validation sets of a configuration.

    :param frames: at most so many of each, spread over it; None for all
    :raises DataError: if one is missing or broken
    """
    return tuple(
        read_validation_set(
            _open(config, section, 'val', label_map),
            placement_of(section, geometry_of(config)),
            frames=frames,
        )
        for section in config.data.validation
    )


def fewest_samples(config: TrainingConfig, processes: Processes) -> int:
    """
    Return how many samples a process needs in a batch: 2 for batch norm, where batches have them.

    Over one sample, a norm of features that are pooled to a pixel has no variance.
    """
    with torch.device('meta'):
        network = build_network(config.network.name, config.network.arguments)
    norms = any(isinstance(module, nn.BatchNorm2d) for module in network.modules())
    return 2 if norms and config.batch_size >= 2 * processes.count else 1


def _open(
    config: TrainingConfig, section: SourceSection, split: str, label_map: LabelMap
) -> FrameSource:
    return open_source(
        section.name,
        root=find_root(config) or Path(),
        split=section.split or split,
        label_map=label_map,
        frames=section.frames,
        **section.options,
    )


def placement_of(section: SourceSection, geometry: Geometry) -> Placement:
    """Say how the frames of a data set are placed, after what its options have done to them."""
    kind = DATA_SETS[section.name].options
    if not issubclass(kind, FileOptions):
        return Placement(geometry)
    framing = parse_options(kind, section.options, section.name).framing()
    if framing.crop is not None and geometry.mode != 'crop':
        raise ConfigError(
            f'data: {section.name} is cut (crop: {section.options["crop"]}), but the geometry is '
            f'{geometry.mode}: the vehicle would show the network its whole frames; set '
            'data.geometry to crop, and data.share where less than the largest rectangle is kept'
        )
    return Placement(
        geometry,
        is_cut=framing.crop is not None,
        is_scaled=framing.size is not None or framing.scale != Fraction(1),
    )


def _ignore_interrupts(worker: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
