"""One update of the weights."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from roadseg_core.labels import LabelMap
from roadseg_core.models.auxiliary import split_output
from roadseg_core.models.preprocessing import normalize
from roadseg_core.training.config import TrainingConfig
from roadseg_core.training.distributed import Processes
from roadseg_core.training.ema import MovingAverage
from roadseg_core.training.optimizers import set_learning_rate
from roadseg_core.training.precision import Precision
from roadseg_core.training.schedules import rate_factor
from roadseg_core.training.tally import Tally, read_scores

STRIDE = 4
"""Training figures count this fraction of rows and columns: all would take time for nothing."""


class Updates:
    """
    Do updates: forward, loss, gradients, step.

    :param network: with the memory layout and on the device of training
    :param loss: maps scores and labels to a scalar over the batch of all processes
    :param tally: counts the predictions of training: every :data:`STRIDE`-th pixel of such rows
    :param steps_per_epoch: for the learning rate, as is ``steps``, those of the whole run
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        optimizer: torch.optim.Optimizer,
        loss: Callable[[Tensor, Tensor], Tensor],
        label_map: LabelMap,
        config: TrainingConfig,
        precision: Precision,
        processes: Processes,
        average: MovingAverage | None,
        tally: Tally,
        steps_per_epoch: int,
        steps: int,
    ) -> None:
        self._network = processes.spread(network)
        self._plain = network
        self._optimizer = optimizer
        self._loss = loss
        self._label_map = label_map
        self._config = config
        self._precision = precision
        self._processes = processes
        self._average = average
        self._tally = tally
        self._steps_per_epoch = steps_per_epoch
        self._steps = steps

    def learning_rate(self, step: int) -> float:
        """Return the learning rate of an update."""
        return self._config.optimizer.learning_rate * rate_factor(
            self._config.schedule,
            step=step,
            steps=self._steps,
            steps_per_epoch=self._steps_per_epoch,
        )

    def train_step(self, frames: Tensor, labels: Tensor, *, step: int) -> float:
        """
        Do one update and return the loss.

        Random numbers of the network (dropout) depend on the seed, the step and the process
        only: a resumed run draws those it would have drawn.

        :param frames: uint8 [N, H, W, 3], BGR
        :param labels: uint8 [N, H, W]
        :param step: the update's number, from 0
        """
        device = self._processes.device
        torch.manual_seed((self._config.seed * 1_000_003 + step) * 1_009 + self._processes.rank)
        self._network.train()
        images = normalize(frames.to(device, non_blocking=True))
        labels = labels.to(device, non_blocking=True)
        with self._precision.forward():
            scores, auxiliary = split_output(
                self._network(images.contiguous(memory_format=torch.channels_last))
            )
        loss = self._loss(scores, labels)
        for extra in auxiliary:
            loss = loss + self._config.auxiliary_weight * self._loss(extra, labels)
        scaler, optimizer = self._precision.scaler, self._optimizer
        optimizer.zero_grad(set_to_none=True)
        scaler.scale(loss).backward()
        set_learning_rate(optimizer, self.learning_rate(step))
        if self._config.optimizer.clip_norm:
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(self._plain.parameters(), self._config.optimizer.clip_norm)
        scaler.step(optimizer)
        scaler.update()
        if self._average is not None:
            self._average.update(self._plain, step)
        prediction, road = read_scores(scores.detach()[..., ::STRIDE, ::STRIDE], self._label_map)
        self._tally.update(labels[..., ::STRIDE, ::STRIDE].cpu().numpy(), prediction, road)
        return loss.item()
