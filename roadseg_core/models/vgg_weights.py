"""
Read ImageNet weights of VGG encoders in torchvision's naming.

``features.N.weight``, ``features.N.bias``, for batch norm also ``features.N.running_mean`` and
``features.N.running_var``, and ``classifier.0`` and ``classifier.3`` for the fully connected
layers; in a file of torch.save or safetensors.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from roadseg_core.models.vgg import VGGEncoder
from roadseg_core.models.weights_file import WeightsError, fill_convolution

_PARTS = ('weight', 'bias', 'running_mean', 'running_var')
_EPS = nn.BatchNorm2d(1).eps

URLS = {
    'vgg16': 'https://download.pytorch.org/models/vgg16-397923af.pth',
    'vgg16_bn': 'https://download.pytorch.org/models/vgg16_bn-6c64b313.pth',
    'vgg19': 'https://download.pytorch.org/models/vgg19-dcbb9e9d.pth',
    'vgg19_bn': 'https://download.pytorch.org/models/vgg19_bn-c79401a0.pth',
}
"""Where torchvision's weights are; the names end in the first digits of their checksums."""


def load_vgg(stem: VGGEncoder, path: Path) -> None:
    """
    Fill an encoder from a file.

    Weights with batch norm are folded exactly for an encoder without it. Weights without it
    fill the convolutions of an encoder with it, whose batch norm keeps its fresh start.

    :raises WeightsError: if the file is unreadable, of another VGG or has other shapes
    """
    try:
        weights = (
            load_file(path)
            if path.suffix == '.safetensors'
            else torch.load(path, map_location='cpu', weights_only=True)
        )
    except (OSError, SafetensorError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise WeightsError(f'{path}: no readable weights: {error}') from error
    if not isinstance(weights, Mapping) or 'features.0.weight' not in weights:
        raise WeightsError(
            f'{path}: no features.0.weight; expected VGG weights in the naming of torchvision'
        )
    places = sorted({int(name.split('.')[1]) for name in weights if name.startswith('features.')})
    convolutions = [n for n in places if weights[f'features.{n}.weight'].dim() == 4]
    targets = [
        (layer, stage[index + 1] if stem.batch_norm else None)
        for stage in stem.stages
        for index, layer in enumerate(stage)
        if isinstance(layer, nn.Conv2d)
    ]
    if len(convolutions) != len(targets):
        raise WeightsError(
            f'{path}: {len(convolutions)} convolutions, expected the {len(targets)} of '
            f'VGG{stem.layers}; take for example {URLS[f"vgg{stem.layers}"]}'
        )
    with torch.no_grad():
        try:
            for place, (convolution, norm) in zip(convolutions, targets):
                weight, bias = (weights[f'features.{place}.{part}'] for part in _PARTS[:2])
                behind = f'features.{place + 1}.'
                statistics = None
                if behind + 'running_mean' in weights:
                    statistics = [weights[behind + part] for part in _PARTS]
                fill_convolution(convolution, norm, weight, bias, statistics, eps=_EPS)
            if stem.fully_connected is not None:
                for layer, place in ((stem.fully_connected[0], 0), (stem.fully_connected[3], 3)):
                    kernel = weights[f'classifier.{place}.weight']
                    if kernel.numel() == layer.weight.numel():
                        kernel = kernel.reshape(layer.weight.shape)
                    bias = weights[f'classifier.{place}.bias']
                    fill_convolution(layer, None, kernel, bias, None, eps=_EPS)
        except KeyError as error:
            raise WeightsError(
                f'{path}: no {error}; expected a whole VGG in the naming of torchvision'
            ) from error
        except ValueError as error:
            raise WeightsError(f'{path}: {error}; build the network with width: 1') from error
