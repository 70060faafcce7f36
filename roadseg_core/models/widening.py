"""Widen a trained MobileNet-FCN: more channels, the same scores."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from roadseg_core.models.mobilenet_fcn import MobileNetFCN


@torch.no_grad()
def widen(narrow: MobileNetFCN, wide: MobileNetFCN) -> None:
    """
    Fill a network with a narrower one's weights; both then give the same scores.

    Channels that the narrow network lacks are copies of its own, drawn at random. What reads a
    channel and its copies splits its weight among them at random, so that training moves them
    apart (Net2WiderNet of Chen et al. 2016, arXiv 1511.05641).

    :param wide: has the same arguments but for a greater ``depth_multiplier``
    """
    shapes = {name: tensor.shape for name, tensor in wide.state_dict().items()}
    same = {n: tensor for n, tensor in narrow.state_dict().items() if tensor.shape == shapes[n]}
    wide.load_state_dict(same, strict=False)
    chance = torch.Generator().manual_seed(0)
    # Which channel of the narrow network each of the wide one's is; of an image they are the same.
    channels = torch.arange(3)
    of_layer = {}
    for name, layer in wide.stem.layers.named_children():
        source, inputs = narrow.stem.layers.get_submodule(name), channels
        if layer.conv.groups == 1:
            own = source.conv.out_channels
            copies = torch.randint(own, (layer.conv.out_channels - own,), generator=chance)
            channels = torch.cat([torch.arange(own), copies])
        _fill(source, layer, inputs, channels, chance)
        of_layer[name] = channels
    _fill(narrow.head[:2], wide.head[:2], channels, channels, chance)
    readers = [(narrow.head[3], wide.head[3], channels)]
    if wide.skip_endpoints:
        features = [of_layer[name] for name in wide.skip_endpoints]
        readers += zip(narrow.skips.scorings, wide.skips.scorings, features, strict=True)
    for source, target, inputs in readers:
        _fill(source, target, inputs, torch.arange(target.out_channels), chance)


def _fill(
    source: nn.Module, target: nn.Module, inputs: Tensor, outputs: Tensor, chance: torch.Generator
) -> None:
    """
    Fill convolutions and batch norms.

    :param inputs: integer [channels read], which channel of the source each is
    :param outputs: integer [channels made], likewise
    """
    tensors = target.state_dict()
    for name, tensor in source.state_dict().items():
        if tensor.dim() == 4 and tensor.shape[1] > 1:
            # Not depth-wise. What copies carry adds up to what their original carries.
            shares = 0.5 + torch.rand(len(tensor), len(inputs), generator=chance)
            sums = torch.zeros(tensor.shape[:2]).index_add_(1, inputs, shares)
            tensor = tensor[:, inputs] * (shares / sums[:, inputs])[:, :, None, None]
        tensors[name].copy_(tensor[outputs] if tensor.dim() else tensor)
