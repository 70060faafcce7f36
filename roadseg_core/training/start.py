"""The start of a run: seeds and threads, and the network with its first weights."""

from __future__ import annotations

import subprocess
from pathlib import Path

import cv2
import torch
from torch import nn

from roadseg_core.checkpoint import load_checkpoint
from roadseg_core.labels import TWO, LabelMap
from roadseg_core.models import build_network
from roadseg_core.models.pretrained import load_stem
from roadseg_core.training.config import ConfigError, TrainingConfig


def fix_chance(config: TrainingConfig, device: torch.device) -> None:
    """Set seed, threads and deterministic algorithms, where there are any."""
    torch.manual_seed(config.seed)
    if config.threads:
        torch.set_num_threads(config.threads)
    cv2.setNumThreads(1)
    # A CPU needs none of this: with so many threads it computes the same each time.
    if device.type == 'cuda':
        torch.use_deterministic_algorithms(config.deterministic, warn_only=True)
        torch.backends.cudnn.benchmark = not config.deterministic


def first_network(
    config: TrainingConfig, root: Path, label_map: LabelMap, device: torch.device
) -> nn.Module:
    """
    Build the network with random or pretrained weights, or those of ``init``.

    :raises ConfigError: if its classes are not those of the label map
    """
    network = build_network(config.network.name, config.network.arguments)
    classes = len(label_map.names)
    if network.classes not in ((1, 2) if label_map == TWO else (classes,)):
        raise ConfigError(
            f'network.arguments: {network.classes} classes; label map {label_map.name!r} has '
            f'{classes}' + (' (or 1: a sigmoid)' if label_map == TWO else '')
        )
    weights = config.network.stem_weights
    if weights:
        load_stem(
            getattr(network, 'stem', network), weights if '://' in weights else root / weights
        )
    if config.init:
        network.load_state_dict(load_checkpoint(config.init).network.state_dict())
    return network.to(device, memory_format=torch.channels_last)


def current_commit() -> str:
    """Return the commit of the program, 'unknown' outside a repository."""
    try:
        done = subprocess.run(
            ['git', 'rev-parse', 'HEAD'],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parent,
        )
    except (OSError, subprocess.CalledProcessError):
        return 'unknown'
    return done.stdout.strip()
