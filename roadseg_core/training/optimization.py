"""The optimizer, its learning rate by the step, and the moving average of the weights."""

from __future__ import annotations

import copy
import math

import torch
from torch import nn

from roadseg_core.training.config import OptimizerSection, ScheduleSection


def build_optimizer(network: nn.Module, section: OptimizerSection) -> torch.optim.Optimizer:
    """Return the optimizer of all weights of a network that are to be trained."""
    decayed, others = [], []
    kernels = {id(m.weight) for m in network.modules() if isinstance(m, nn.Conv2d)}
    for weight in network.parameters():
        if weight.requires_grad:
            penalized = section.decay_of == 'all' or id(weight) in kernels
            (decayed if penalized else others).append(weight)
    groups = [{'params': decayed, 'weight_decay': section.weight_decay}]
    if others:
        groups.append({'params': others, 'weight_decay': 0.0})
    if section.name == 'sgd':
        return torch.optim.SGD(groups, lr=section.learning_rate, momentum=section.momentum)
    kind = torch.optim.AdamW if section.name == 'adamw' else torch.optim.Adam
    return kind(groups, lr=section.learning_rate)


def rate_factor(section: ScheduleSection, *, step: int, steps: int, steps_per_epoch: int) -> float:
    """
    Return what to multiply the learning rate with: nothing to save, nothing to resume.

    :param step: the update's number, from 0
    :param steps: updates in the whole run
    """
    warmup = max(1, round(section.warmup_epochs * steps_per_epoch))
    progress = min(1.0, step / steps)
    if section.name == 'cosine':
        factor = 0.5 * (1.0 + math.cos(math.pi * progress))
    elif section.name == 'poly':
        factor = (1.0 - progress) ** section.power
    elif section.name == 'step':
        factor = section.decay ** (step // steps_per_epoch)
    else:
        factor = 1.0
    return min(1.0, (step + 1) / warmup) * factor


class MovingAverage:
    """
    Average the weights over the last 1 / (1 - decay) updates or so.

    The first updates count for more (the decay grows as (1 + n) / (10 + n) up to ``decay``), so
    that the random start is soon forgotten. Buffers, such as batch norm's, are copied.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self._decay = decay

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """
        Take in the weights after an update.

        :param step: the update's number, from 0
        """
        decay = min(self._decay, (1 + step) / (10 + step))
        for average, weight in zip(self.network.parameters(), network.parameters(), strict=True):
            average.lerp_(weight, 1.0 - decay)
        for mine, other in zip(self.network.buffers(), network.buffers(), strict=True):
            mine.copy_(other)
