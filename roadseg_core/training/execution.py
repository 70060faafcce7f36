"""Choose how a network is computed in training: precision, memory format and threads."""

from __future__ import annotations

import copy
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace

import torch
from torch import Tensor, nn

from roadseg_core.engines.processor import physical_cores
from roadseg_core.models.auxiliary import split_output
from roadseg_core.training.config import TrainingConfig
from roadseg_core.training.distributed import DeviceError, Processes

_FORMATS = {'channels_last': torch.channels_last, 'contiguous': torch.contiguous_format}
_TRIAL_SAMPLES = 8
_TRIAL_ROUNDS = 3
_TRIAL_SECONDS = 20.0
"""A trial whose first round took as long is over."""


@dataclass(frozen=True)
class Execution:
    """
    Run networks in a precision, their weights in fp32.

    :param precision: ``fp32`` or ``bf16``, of the forward pass
    :param memory_format: ``channels_last`` or ``contiguous``, of images and weights
    :param threads: of PyTorch on a CPU; 0: as they are
    """

    precision: str
    memory_format: str = 'channels_last'
    threads: int = 0

    def __str__(self) -> str:
        text = f'{self.precision}, {self.memory_format.replace("_", " ")}'
        return text + (f', {self.threads} threads' if self.threads else '')

    @contextmanager
    def forward(self, device: torch.device) -> Iterator[None]:
        """Enter the precision."""
        with torch.autocast(device.type, torch.bfloat16, enabled=self.precision == 'bf16'):
            yield

    def place(self, images: Tensor) -> Tensor:
        """Bring images, float [N, 3, H, W], into the memory format."""
        return images.contiguous(memory_format=_FORMATS[self.memory_format])

    def prepare(self, network: nn.Module) -> None:
        """Bring a network's weights into the memory format; take the number of threads."""
        network.to(memory_format=_FORMATS[self.memory_format])
        if self.threads:
            torch.set_num_threads(self.threads)

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON types: the arguments."""
        return asdict(self)


def choose_execution(
    config: TrainingConfig,
    network: nn.Module,
    *,
    loss: Callable[[Tensor, Tensor], Tensor],
    processes: Processes,
) -> tuple[Execution, str]:
    """
    Return how to train, and why: as the configuration says, or what a trial finds the fastest.

    In several processes the one that is the fastest in all of them together.

    :param network: on the device of training; it stays as it is
    :param loss: maps scores and labels to a scalar
    :raises DeviceError: for bf16 on a GPU that has none
    """
    device = processes.device
    if config.precision != 'auto':
        if config.precision not in _precisions(device):
            raise DeviceError(
                f'precision {config.precision}: this GPU computes none; set precision=auto'
            )
        return Execution(config.precision, threads=config.threads), 'as configured'
    trial = _Trial(config, network, loss, processes)
    candidates = [
        Execution(precision, memory_format, config.threads)
        for precision, memory_format in itertools.product(_precisions(device), _FORMATS)
    ]
    rates = trial.rates(candidates)
    best = max(rates, key=rates.get)
    if device.type == 'cpu' and not config.threads and processes.count == 1:
        now = replace(best, threads=torch.get_num_threads())
        rates = {now: rates.pop(best), **rates}
        if physical_cores() != now.threads:
            rates |= trial.rates([replace(best, threads=physical_cores())])
        best = max((one for one in rates if one.threads), key=rates.get)
    others = sorted((one for one in rates if one != best), key=rates.get, reverse=True)
    return best, (
        f'{rates[best]:.1f} images/s in a trial; '
        + ', '.join(f'{one} {rates[one]:.1f}' for one in others)
    )


def _precisions(device: torch.device) -> tuple[str, ...]:
    """Return the precisions that a device has, fast or not."""
    if device.type == 'cuda' and not torch.cuda.is_bf16_supported(including_emulation=False):
        return ('fp32',)
    return 'fp32', 'bf16'


class _Trial:
    """Time the steps of training, but for the update itself, on a copy of the network."""

    def __init__(
        self,
        config: TrainingConfig,
        network: nn.Module,
        loss: Callable[[Tensor, Tensor], Tensor],
        processes: Processes,
    ) -> None:
        size = config.train_size or config.data.input_size
        count = min(_TRIAL_SAMPLES, -(-config.batch_size // processes.count))
        chance = torch.Generator().manual_seed(0)
        self._images = torch.rand(count, 3, *size, generator=chance).to(processes.device)
        self._labels = torch.zeros(count, *size, dtype=torch.uint8, device=processes.device)
        self._network = copy.deepcopy(network).train()
        self._loss, self._processes = loss, processes

    def rates(self, candidates: Sequence[Execution]) -> dict[Execution, float]:
        """Return images/s, by the best of some steps that the candidates take in turns."""
        threads = torch.get_num_threads()
        began = time.monotonic()
        total = self._processes.total
        with torch.random.fork_rng(devices=[]):
            # The first round makes kernels and buffers; it counts where it is the only one.
            best = [self._step(execution) for execution in candidates]
            for number in range(_TRIAL_ROUNDS):
                spent = total(torch.tensor([time.monotonic() - began], device=self._images.device))
                if spent.item() > _TRIAL_SECONDS * self._processes.count:
                    break
                seconds = [self._step(execution) for execution in candidates]
                best = [min(pair) for pair in zip(best, seconds)] if number else seconds
        torch.set_num_threads(threads)
        seconds = total(torch.tensor(best, device=self._images.device)).tolist()
        images = len(self._images) * self._processes.count**2
        return {one: images / time for one, time in zip(candidates, seconds)}

    def _step(self, execution: Execution) -> float:
        """Return the seconds of a step."""
        execution.prepare(self._network)
        device = self._images.device
        wait = torch.cuda.synchronize if device.type == 'cuda' else lambda: None
        wait()
        began = time.monotonic()
        with execution.forward(device):
            scores, auxiliary = split_output(self._network(execution.place(self._images)))
        sum(self._loss(one, self._labels) for one in (scores, *auxiliary)).backward()
        self._network.zero_grad(set_to_none=True)
        wait()
        return time.monotonic() - began
