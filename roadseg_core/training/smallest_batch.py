"""How many samples a process needs in a batch for the batch norms of a network."""

from __future__ import annotations

import torch

from roadseg_core.models import build_network
from roadseg_core.training.config import ConfigError, TrainingConfig
from roadseg_core.training.distributed import Processes


def samples_needed(config: TrainingConfig, processes: Processes) -> int:
    """
    Return 2 where a network takes batch norm of features pooled to one pixel, else 1.

    Such a norm has no variance over one sample. On CUDA it counts those of all processes.

    :raises ConfigError: if whole batches are too small already
    """
    size = config.train_size or config.data.input_size
    shared = processes.count > 1 and processes.device.type == 'cuda'
    if shared or _takes_one(config, size):
        return 1
    if config.batch_size < 2 * processes.count:
        raise ConfigError(
            f'batch_size {config.batch_size} over {processes.count} processes; '
            f'{config.network.name} takes batch norm of features pooled to one pixel and needs 2 '
            f'samples a process: at least {2 * processes.count}'
        )
    return 2


def _takes_one(config: TrainingConfig, size: tuple[int, int]) -> bool:
    """Try a sample without computing anything."""
    with torch.random.fork_rng(devices=[]), torch.device('meta'), torch.no_grad():
        network = build_network(config.network.name, config.network.arguments).train()
        images = torch.empty(1, 3, *size)
        try:
            network(images)
        except ValueError:
            try:
                network(images.expand(2, -1, -1, -1))
            except ValueError:
                # Something else is wrong, which training says better.
                return True
            return False
    return True
