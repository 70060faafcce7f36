"""
Read ImageNet weights of MobileNet V1 stems from NumPy archives.

Two namings are read; ``/`` and ``__`` in names are the same:

- Keras: ``conv1/kernel``, ``conv_dw_1/depthwise_kernel``, ``conv_pw_1_bn/gamma``, ...
- numbered: ``00_conv/weight``, ``00_conv/bias``, ``01_dw/weight``, ... always folded

Kernels are HWIO in the first (depth-wise: HWI1), OIHW in the second. A layer with a bias
(``conv1/bias``) has its batch norm folded in.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from roadseg_core.models.mobilenet_v1 import BATCH_NORM_EPS, BLOCKS, MobileNetV1Stem
from roadseg_core.models.narrowing import narrow
from roadseg_core.models.weights_file import WeightsError, fill_convolution

_PARTS = ('gamma', 'beta', 'moving_mean', 'moving_variance')


@dataclass(frozen=True)
class _Names:
    """Say what a layer's arrays are called; ``norm`` is the part before gamma, beta, ..."""

    kernel: str
    bias: str
    norm: str


def load_mobilenet(stem: MobileNetV1Stem, path: Path) -> None:
    """
    Fill a stem from an archive; batch norm is folded where the stem has none.

    A stem without batch norm also takes the weights of a wider one, see :func:`narrow`.

    :raises WeightsError: if the file has none of the namings, lacks a layer, is too narrow, has
        batch norm folded in or another width while the stem has batch norm
    """
    try:
        arrays = _read_hdf5(path) if path.suffix == '.h5' else _read_archive(path)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise WeightsError(f'{path}: no readable weights archive: {error}') from error
    naming = next(
        (naming for naming in (_keras, _numbered) if naming(0, 'Conv2d_0').kernel in arrays),
        None,
    )
    if naming is None:
        raise WeightsError(
            f'{path}: neither conv1__kernel nor 00_conv__weight; expected MobileNet V1 weights '
            'in Keras or numbered naming'
        )
    kernel = arrays[naming(0, 'Conv2d_0').kernel]
    multiplier = kernel.shape[0 if naming is _numbered else -1] / BLOCKS[0][0]
    if stem.folded and multiplier > stem.depth_multiplier:
        wide = MobileNetV1Stem(
            depth_multiplier=multiplier, final_endpoint=stem.final_endpoint, folded=True
        )
        _fill(wide, arrays, naming, path)
        narrow([layer.conv for layer in wide.layers], [layer.conv for layer in stem.layers])
    else:
        _fill(stem, arrays, naming, path)


def _fill(
    stem: MobileNetV1Stem,
    arrays: dict[str, np.ndarray],
    naming: Callable[[int, str], _Names],
    path: Path,
) -> None:
    with torch.no_grad():
        for index, (name, layer) in enumerate(stem.layers.named_children()):
            names = naming(index, name)
            if names.bias in arrays and not stem.folded:
                raise WeightsError(
                    f'{path}: batch norm is folded into these weights; '
                    'build the network with folded: true'
                )
            try:
                kernel = arrays[names.kernel]
                if naming is not _numbered:
                    kernel = kernel.transpose(
                        (2, 3, 0, 1) if name.endswith('depthwise') else (3, 2, 0, 1)
                    )
                folded = names.bias in arrays
                fill_convolution(
                    layer.conv,
                    None if stem.folded else layer.norm,
                    _tensor(kernel),
                    _tensor(arrays[names.bias]) if folded else torch.zeros(len(layer.conv.weight)),
                    None if folded else [_tensor(arrays[names.norm + part]) for part in _PARTS],
                    eps=BATCH_NORM_EPS,
                )
            except KeyError as error:
                raise WeightsError(
                    f'{path}: no {error} for {name}; take a file that has it or an earlier '
                    'final_endpoint'
                ) from error
            except ValueError as error:
                raise WeightsError(
                    f'{path}: {name}: {error}; take the file of this depth_multiplier'
                ) from error


def _read_archive(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as archive:
        return {name.replace('/', '__').removesuffix(':0'): archive[name] for name in archive.files}


def _read_hdf5(path: Path) -> dict[str, np.ndarray]:
    """Read the layout of Keras: the last two parts of a path are the layer and the array."""
    import h5py

    arrays = {}

    def take(name: str, entry: object) -> None:
        if isinstance(entry, h5py.Dataset):
            arrays['__'.join(name.removesuffix(':0').split('/')[-2:])] = entry[()]

    with h5py.File(path, 'r') as file:
        file.visititems(take)
    return arrays


def _keras(index: int, name: str) -> _Names:
    if name == 'Conv2d_0':
        return _Names('conv1__kernel', 'conv1__bias', 'conv1_bn__')
    _, block, kind = name.split('_')
    key = f'conv_dw_{block}' if kind == 'depthwise' else f'conv_pw_{block}'
    kernel = 'depthwise_kernel' if kind == 'depthwise' else 'kernel'
    return _Names(f'{key}__{kernel}', f'{key}__bias', f'{key}_bn__')


def _numbered(index: int, name: str) -> _Names:
    key = f'{index:02d}_{"dw" if name.endswith("depthwise") else "conv"}__'
    return _Names(key + 'weight', key + 'bias', key)


def _tensor(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, np.float32))
