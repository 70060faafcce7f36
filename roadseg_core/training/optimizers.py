"""The optimizers, by name."""

from __future__ import annotations

import torch
from torch import nn

from roadseg_core.training.config import OptimizerSection


def build_optimizer(network: nn.Module, section: OptimizerSection) -> torch.optim.Optimizer:
    """Return the optimizer of all weights of a network that are to be trained."""
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    rate, decay = section.learning_rate, section.weight_decay
    if section.name == 'adamw':
        return torch.optim.AdamW(weights, lr=rate, weight_decay=decay)
    if section.name == 'adam':
        return torch.optim.Adam(weights, lr=rate, weight_decay=decay)
    return torch.optim.SGD(weights, lr=rate, weight_decay=decay, momentum=section.momentum)


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Use this learning rate from the next update on."""
    for group in optimizer.param_groups:
        group['lr'] = rate
