"""An exponential moving average of a network's weights."""

from __future__ import annotations

import copy

import torch
from torch import nn


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
