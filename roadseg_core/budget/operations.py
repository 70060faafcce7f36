"""Count the operations of a network per image, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from roadseg_core.models import build_network


def count_operations(network: nn.Module, input_size: tuple[int, int]) -> dict[str, int]:
    """
    Count the operations of every layer that multiplies, in the order of their execution.

    A convolution costs 2 * h_o * w_o * c_i * n_f * h_f * w_f, with c_i the channels that a
    filter sees (one, where it is depth-wise); a transposed one is counted at its input
    positions. Biases, norms, activations and interpolation are not counted, as is the custom.

    :param network: takes float [1, 3, H, W]; best on the ``meta`` device, where nothing is
        computed (see :func:`build_for_counting`)
    :param input_size: (height, width)
    :returns: operations on one image by layer; one multiply-accumulate is two
    :raises ValueError: if the size is illegal for the network
    """
    was_training = network.training
    network.eval()
    device = next(network.parameters()).device
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        network(torch.zeros(1, 3, *input_size, device=device))
    network.train(was_training)
    totals = {
        name: sum(kinds.values())
        for name, kinds in counter.get_flop_counts().items()
        if name != 'Global'
    }
    own = dict(totals)
    for name, total in totals.items():
        # Lists of modules are in the names, but are not called and have no total.
        parent = name.rpartition('.')[0]
        while parent and parent not in totals:
            parent = parent.rpartition('.')[0]
        if parent:
            own[parent] -= total
    # A layer spends all of it itself, a block its functional calls.
    return {
        name.partition('.')[2] or name: operations for name, operations in own.items() if operations
    }


def build_for_counting(name: str, arguments: Mapping[str, object]) -> nn.Module:
    """Build a network by its name without memory for its weights: it can only be counted."""
    with torch.device('meta'):
        return build_network(name, arguments)
