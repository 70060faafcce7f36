"""Tests of reading MobileNet V1 weights, on archives made here in every naming, and real ones."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from roadseg_core.models.mobilenet_v1 import MobileNetV1Stem
from roadseg_core.models.pretrained import WeightsError, load_stem

ENDPOINT = 'Conv2d_2_pointwise'
DATA = Path(os.environ.get('ROADSEG_DATA', Path(__file__).parents[4] / 'shared' / 'data'))


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


def test_weights_with_batch_norm_fold_exactly(tmp_path: Path) -> None:
    plain = MobileNetV1Stem(depth_multiplier=0.25, final_endpoint=ENDPOINT).eval()
    folded = MobileNetV1Stem(depth_multiplier=0.25, final_endpoint=ENDPOINT, folded=True).eval()
    path = tmp_path / 'weights.npz'
    arrays = keras_arrays(plain)
    np.savez(path, **arrays)
    load_stem(plain, path)
    kernel = plain.layers.Conv2d_2_pointwise.conv.weight.detach().numpy()
    np.testing.assert_array_equal(kernel[..., 0, 0], arrays['conv_pw_2__kernel'][0, 0].T)
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
        load_stem(MobileNetV1Stem(depth_multiplier=0.5, final_endpoint=ENDPOINT, folded=True), path)
    with pytest.raises(WeightsError, match='Conv2d_3_depthwise'):
        load_stem(
            MobileNetV1Stem(
                depth_multiplier=0.25, final_endpoint='Conv2d_3_pointwise', folded=True
            ),
            path,
        )


def test_a_narrower_stem_keeps_the_channels_that_carry_something(tmp_path: Path) -> None:
    """A wide network in which half of all channels is dead: narrowed it computes the same."""
    wide = MobileNetV1Stem(depth_multiplier=0.5, final_endpoint=ENDPOINT, folded=True).eval()
    rng = np.random.default_rng(0)
    arrays, alive = {}, np.array([True, True, True])
    for index, (name, layer) in enumerate(wide.layers.named_children()):
        weight = rng.normal(size=tuple(layer.conv.weight.shape)).astype(np.float32)
        bias = rng.normal(size=len(weight)).astype(np.float32)
        if 'depthwise' not in name:
            made = rng.permutation(len(weight)) < len(weight) // 2
            weight[~made] = bias[~made] = 0.0
            weight[:, ~alive] = 0.0
            alive = made
        kind = 'dw' if 'depthwise' in name else 'conv'
        arrays[f'{index:02d}_{kind}__weight'], arrays[f'{index:02d}_{kind}__bias'] = weight, bias
    np.savez(tmp_path / 'wide.npz', **arrays)
    load_stem(wide, tmp_path / 'wide.npz')
    narrow = MobileNetV1Stem(depth_multiplier=0.25, final_endpoint=ENDPOINT, folded=True).eval()
    load_stem(narrow, tmp_path / 'wide.npz')
    images = torch.randn(2, 3, 32, 32)
    torch.testing.assert_close(narrow(images), wide(images)[:, alive], rtol=1e-4, atol=1e-4)


def test_files_of_keras(tmp_path: Path) -> None:
    stem = MobileNetV1Stem(depth_multiplier=0.25, final_endpoint=ENDPOINT)
    arrays = keras_arrays(stem)
    with h5py.File(tmp_path / 'mobilenet_2_5_224_tf_no_top.h5', 'w') as file:
        for name, array in arrays.items():
            layer, kind = name.split('__')
            file[f'{layer}/{layer}/{kind}:0'] = array
    load_stem(stem, 'mobilenet_2_5_224_tf_no_top.h5', root=tmp_path)
    kernel = stem.layers.Conv2d_2_pointwise.conv.weight.detach().numpy()
    np.testing.assert_array_equal(kernel[..., 0, 0], arrays['conv_pw_2__kernel'][0, 0].T)


def test_the_shipped_weights_keep_features_alive() -> None:
    stem = MobileNetV1Stem(depth_multiplier=0.5, folded=True).eval()
    load_stem(stem, 'mobilenet_v1_0.5_160_folded_fp16.npz')
    check_alive(stem)


def check_alive(stem: MobileNetV1Stem) -> None:
    """ReLU6 keeps features in 0..6; wrongly placed kernels leave them dead or saturated."""
    with torch.no_grad():
        features = stem(torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(0)) - 0.5)
    assert features.isfinite().all()
    assert 0.005 < (features > 0).float().mean() < 0.9
    assert (features == 6).float().mean() < 0.2


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / 'other.npz'
    np.savez(path, values=np.zeros(3))
    stem = MobileNetV1Stem(depth_multiplier=0.25, final_endpoint='Conv2d_0')
    with pytest.raises(WeightsError, match='neither'):
        load_stem(stem, path)
    path.write_bytes(b'damaged')
    with pytest.raises(WeightsError, match='no readable'):
        load_stem(stem, path)


@pytest.mark.skipif(
    not (DATA / 'weights').is_dir(), reason=f'no real ImageNet weights in {DATA / "weights"}'
)
@pytest.mark.parametrize(
    ('name', 'multiplier', 'endpoint', 'folded'),
    [
        ('0.25_224_imagenet_keras', 0.25, 'Conv2d_13_pointwise', False),
        ('0.25_224_imagenet_keras', 0.25, 'Conv2d_13_pointwise', True),
        ('1.0_224_imagenet_keras_partial', 1.0, 'Conv2d_12_pointwise', False),
        ('1.0_224_embedding_extractor_folded_fp16', 1.0, 'Conv2d_13_pointwise', True),
    ],
)
def test_real_weights_keep_features_alive(
    name: str, multiplier: float, endpoint: str, folded: bool
) -> None:
    stem = MobileNetV1Stem(
        depth_multiplier=multiplier, final_endpoint=endpoint, folded=folded
    ).eval()
    load_stem(stem, DATA / 'weights' / f'mobilenet_v1_{name}.npz')
    check_alive(stem)
