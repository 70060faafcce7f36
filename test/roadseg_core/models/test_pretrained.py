"""Tests of reading ImageNet weights, on archives made here in the two layouts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from roadseg_core.models.mobilenet_v1 import MobileNetV1Stem
from roadseg_core.models.pretrained import WeightsError, load_stem

ENDPOINT = 'Conv2d_2_pointwise'


def keras_arrays(stem: MobileNetV1Stem) -> dict[str, np.ndarray]:
    """Make random arrays with the Keras names and shapes of a stem."""
    rng = np.random.default_rng(0)
    arrays = {}
    for name, layer in stem.layers.named_children():
        out, group, height, width = layer.conv.weight.shape
        block = name.split('_')[1]
        key, kernel, shape = {
            'Conv2d_0': ('conv1', 'kernel', (height, width, group, out)),
            'pointwise': (f'conv_pw_{block}', 'kernel', (height, width, group, out)),
            'depthwise': (f'conv_dw_{block}', 'depthwise_kernel', (height, width, out, 1)),
        }[name if name == 'Conv2d_0' else name.split('_')[2]]
        arrays[f'{key}__{kernel}'] = rng.normal(size=shape).astype(np.float32)
        for part in ('gamma', 'beta', 'moving_mean', 'moving_variance'):
            arrays[f'{key}_bn__{part}'] = rng.uniform(0.5, 1.5, out).astype(np.float32)
    return arrays


def test_keras_weights_fold_exactly(tmp_path: Path) -> None:
    plain = MobileNetV1Stem(depth_multiplier=0.25, final_endpoint=ENDPOINT).eval()
    folded = MobileNetV1Stem(depth_multiplier=0.25, final_endpoint=ENDPOINT, folded=True).eval()
    path = tmp_path / 'keras.npz'
    np.savez(path, **keras_arrays(plain))
    load_stem(plain, path)
    load_stem(folded, path)
    images = torch.randn(1, 3, 32, 32)
    torch.testing.assert_close(folded(images), plain(images), rtol=1e-4, atol=1e-4)


def test_folded_weights(tmp_path: Path) -> None:
    stem = MobileNetV1Stem(depth_multiplier=0.25, final_endpoint=ENDPOINT, folded=True)
    arrays = {}
    for index, (name, layer) in enumerate(stem.layers.named_children()):
        kind = 'dw' if 'depthwise' in name else 'conv'
        shape = layer.conv.weight.shape
        arrays[f'{index:02d}_{kind}__weight'] = np.full(shape, index + 1, np.float16)
        arrays[f'{index:02d}_{kind}__bias'] = np.full(shape[0], -index, np.float32)
    path = tmp_path / 'folded.npz'
    np.savez(path, **arrays)
    load_stem(stem, path)
    assert stem.layers.Conv2d_2_depthwise.conv.weight.mean().item() == 4.0
    assert stem.layers.Conv2d_2_pointwise.conv.bias.mean().item() == -4.0
    with pytest.raises(WeightsError, match='folded: true'):
        load_stem(MobileNetV1Stem(depth_multiplier=0.25, final_endpoint=ENDPOINT), path)
    with pytest.raises(WeightsError, match='depth_multiplier'):
        load_stem(MobileNetV1Stem(depth_multiplier=0.5, final_endpoint=ENDPOINT, folded=True),
                  path)
    with pytest.raises(WeightsError, match='Conv2d_3_depthwise'):
        load_stem(MobileNetV1Stem(depth_multiplier=0.25, final_endpoint='Conv2d_3_pointwise',
                                  folded=True), path)


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / 'other.npz'
    np.savez(path, values=np.zeros(3))
    stem = MobileNetV1Stem(depth_multiplier=0.25, final_endpoint='Conv2d_0')
    with pytest.raises(WeightsError, match='neither'):
        load_stem(stem, path)
    path.write_bytes(b'damaged')
    with pytest.raises(WeightsError, match='no readable'):
        load_stem(stem, path)
