"""ImageNet weights of MobileNet V1 stems, from NumPy archives."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import torch

from roadseg_core.models.mobilenet_v1 import BATCH_NORM_EPS, MobileNetV1Stem


class WeightsError(ValueError):
    """Weights that do not fit the stem; the message names the file and the layer."""


def load_stem(stem: MobileNetV1Stem, path: str | Path) -> None:
    """
    Fill a stem with ImageNet weights.

    Two layouts are read: ``00_conv__weight``, ``00_conv__bias``, ``01_dw__weight``, ... with
    batch norm folded in, for folded stems; and Keras names (``conv1__kernel``,
    ``conv_dw_1_bn__gamma``, ...; kernels HWIO), for either kind of stem.

    :raises WeightsError: if the file is none of the two, lacks a layer or has other shapes
    """
    path = Path(path)
    try:
        with np.load(path) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise WeightsError(f'{path}: no readable weights archive: {error}') from error
    is_keras = 'conv1__kernel' in arrays
    if not is_keras and '00_conv__weight' not in arrays:
        raise WeightsError(f'{path}: neither conv1__kernel nor 00_conv__weight; '
                           'expected MobileNet V1 weights in one of the two layouts')
    if not is_keras and not stem.folded:
        raise WeightsError(f'{path}: batch norm is folded into these weights; '
                           'build the network with folded: true')
    with torch.no_grad():
        for index, (name, layer) in enumerate(stem.layers.named_children()):
            try:
                if is_keras:
                    _fill_from_keras(layer, arrays, name=name, folded=stem.folded)
                else:
                    prefix = f'{index:02d}_{"dw" if "depthwise" in name else "conv"}__'
                    _copy(layer.conv.weight, arrays[prefix + 'weight'])
                    _copy(layer.conv.bias, arrays[prefix + 'bias'])
            except KeyError as error:
                raise WeightsError(
                    f'{path}: no {error} for {name}; take a file that has it or an earlier '
                    'final_endpoint') from error
            except ValueError as error:
                raise WeightsError(
                    f'{path}: {name}: {error}; take the file of this depth_multiplier') from error


def _fill_from_keras(layer: torch.nn.Module, arrays: dict[str, np.ndarray], *, name: str,
                     folded: bool) -> None:
    """Fill one layer from Keras names, folding batch norm where the stem has none."""
    block = int(name.split('_')[1])
    if name == 'Conv2d_0':
        key, kernel = 'conv1', arrays['conv1__kernel'].transpose(3, 2, 0, 1)
    elif name.endswith('depthwise'):
        key = f'conv_dw_{block}'
        kernel = arrays[f'{key}__depthwise_kernel'].transpose(2, 3, 0, 1)
    else:
        key = f'conv_pw_{block}'
        kernel = arrays[f'{key}__kernel'].transpose(3, 2, 0, 1)
    gamma, beta, mean, variance = (
        arrays[f'{key}_bn__{part}'] for part in ('gamma', 'beta', 'moving_mean',
                                                 'moving_variance'))
    if folded:
        scale = gamma / np.sqrt(variance + BATCH_NORM_EPS)
        _copy(layer.conv.weight, kernel * scale[:, None, None, None])
        _copy(layer.conv.bias, beta - mean * scale)
        return
    _copy(layer.conv.weight, kernel)
    _copy(layer.norm.weight, gamma)
    _copy(layer.norm.bias, beta)
    _copy(layer.norm.running_mean, mean)
    _copy(layer.norm.running_var, variance)


def _copy(target: torch.Tensor, source: np.ndarray) -> None:
    """Copy ``source`` into ``target``; ValueError if the shapes differ."""
    if tuple(target.shape) != source.shape:
        raise ValueError(f'shape {source.shape}, expected {tuple(target.shape)}')
    target.copy_(torch.from_numpy(np.ascontiguousarray(source, np.float32)))
