"""
Training in several processes, started by torchrun.

    torchrun --nproc-per-node 2 -m roadseg_core.cli train config/training/unet_8.yaml
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch import distributed as dist


class DeviceError(ValueError):
    """A device or precision that is not to be had here; the message says what to set."""


@dataclass(frozen=True)
class Processes:
    """
    Know the processes that train together.

    :param device: where this one computes
    :param rank: its number, from 0
    :param count: how many there are
    """

    device: torch.device
    rank: int = 0
    count: int = 1

    @property
    def is_first(self) -> bool:
        """Tell whether this process writes files and prints."""
        return self.rank == 0

    def total(self, value: Tensor) -> Tensor:
        """Add up a tensor over all processes; no gradients."""
        if self.count == 1:
            return value.detach()
        value = value.detach().clone()
        dist.all_reduce(value)
        return value

    def differentiable_total(self, value: Tensor) -> Tensor:
        """
        Add up a tensor over all processes, for a loss of the whole batch.

        The gradient is ``count`` times that of this process's part: DistributedDataParallel
        averages over the processes, and so makes the sum of it.
        """
        if self.count == 1:
            return value
        mine = value * self.count
        return mine + (self.total(value) - mine.detach())

    def spread(self, network: nn.Module) -> nn.Module:
        """Wrap a network so that all processes do the same updates."""
        if self.count == 1:
            return network
        if self.device.type == 'cuda':
            network = nn.SyncBatchNorm.convert_sync_batchnorm(network)
        return nn.parallel.DistributedDataParallel(
            network, device_ids=[self.device] if self.device.type == 'cuda' else None
        )


@contextmanager
def open_processes(device: str) -> Iterator[Processes]:
    """
    Join the processes that torchrun started, or be the only one.

    :param device: ``auto``, ``cpu`` or ``cuda``
    :raises DeviceError: if the device is not there
    """
    if device == 'auto':
        device = 'cuda' if torch.cuda.is_available() else 'cpu'
    local_rank = int(os.environ.get('LOCAL_RANK', '0'))
    if device == 'cuda':
        if torch.cuda.device_count() <= local_rank:
            raise DeviceError(
                f'process {local_rank} of this machine needs a GPU of its own; '
                f'found {torch.cuda.device_count()}; set device=cpu or start fewer'
            )
        torch.cuda.set_device(local_rank)
    place = torch.device(device, local_rank) if device == 'cuda' else torch.device('cpu')
    count = int(os.environ.get('WORLD_SIZE', '1'))
    if count == 1:
        yield Processes(place)
        return
    dist.init_process_group('nccl' if device == 'cuda' else 'gloo')
    try:
        yield Processes(place, rank=dist.get_rank(), count=count)
    finally:
        dist.destroy_process_group()
