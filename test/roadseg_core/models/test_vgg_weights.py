"""Tests of reading VGG weights, on narrow files made here in torchvision's naming."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from roadseg_core.models import build_network
from roadseg_core.models.pretrained import load_stem
from roadseg_core.models.vgg import VGGEncoder
from roadseg_core.models.weights_file import WeightsError

WIDTH = 1 / 16


def torchvision_weights(stem: VGGEncoder, *, batch_norm: bool) -> dict[str, Tensor]:
    """Make random weights for an encoder, named as torchvision names them."""
    torch.manual_seed(1)
    weights, place = {}, 0
    for stage in stem.stages:
        for layer in stage:
            if not isinstance(layer, nn.Conv2d):
                continue
            weights[f'features.{place}.weight'] = torch.randn_like(layer.weight)
            weights[f'features.{place}.bias'] = torch.randn_like(layer.bias)
            if batch_norm:
                for part in ('weight', 'bias', 'running_mean', 'running_var'):
                    weights[f'features.{place + 1}.{part}'] = 0.5 + torch.rand_like(layer.bias)
                place += 1
            place += 2
        place += 1  # The pooling.
    if stem.fully_connected is not None:
        for place in (0, 3):
            layer = stem.fully_connected[place]
            weights[f'classifier.{place}.weight'] = torch.randn(layer.weight.flatten(1).shape)
            weights[f'classifier.{place}.bias'] = torch.randn_like(layer.bias)
    return weights


@pytest.mark.parametrize(('network', 'batch_norm'), [('fcn8s_vgg16', False), ('unet_vgg19', True)])
def test_fills_the_stems_of_the_networks(network: str, batch_norm: bool, tmp_path: Path) -> None:
    stem = build_network(network, {'width': WIDTH}).stem
    weights = torchvision_weights(stem, batch_norm=batch_norm)
    torch.save(weights, tmp_path / 'vgg.pth')
    load_stem(stem, tmp_path / 'vgg.pth')
    assert torch.equal(stem.stages[0][0].weight, weights['features.0.weight'])
    last = max(int(name.split('.')[1]) for name in weights if name.startswith('features.'))
    layer = [layer for layer in stem.stages[4] if not isinstance(layer, nn.ReLU)][-1]
    assert torch.equal(layer.bias, weights[f'features.{last}.bias'])
    if stem.fully_connected is not None:
        kernel = weights['classifier.0.weight']
        assert torch.equal(stem.fully_connected[0].weight.flatten(1), kernel)


def test_batch_norm_folds_exactly(tmp_path: Path) -> None:
    plain, folded = (
        VGGEncoder(layers=16, batch_norm=batch_norm, width=WIDTH).double().eval()
        for batch_norm in (True, False)
    )
    save_file(torchvision_weights(plain, batch_norm=True), tmp_path / 'vgg.safetensors')
    for stem in (plain, folded):
        load_stem(stem, tmp_path / 'vgg.safetensors')
    images = torch.rand(1, 3, 32, 32, dtype=torch.float64)
    for one, other in zip(plain(images), folded(images), strict=True):
        torch.testing.assert_close(one, other)


def test_weights_without_batch_norm_keep_its_fresh_start(tmp_path: Path) -> None:
    stem = VGGEncoder(layers=19, batch_norm=True, width=WIDTH)
    weights = torchvision_weights(stem, batch_norm=False)
    torch.save(weights, tmp_path / 'vgg.pth')
    load_stem(stem, tmp_path / 'vgg.pth')
    assert torch.equal(stem.stages[0][0].weight, weights['features.0.weight'])
    assert torch.equal(stem.stages[0][1].running_var, torch.ones(stem.widths[0]))


def test_other_files_are_refused(tmp_path: Path) -> None:
    stem = VGGEncoder(layers=19, batch_norm=False, width=WIDTH)
    path = tmp_path / 'vgg.pth'
    with pytest.raises(WeightsError, match='no such file'):
        load_stem(stem, path)
    path.write_bytes(b'damaged')
    with pytest.raises(WeightsError, match='no readable weights'):
        load_stem(stem, path)
    torch.save({'layer1.weight': torch.zeros(3)}, path)
    with pytest.raises(WeightsError, match='naming of torchvision'):
        load_stem(stem, path)
    other = VGGEncoder(layers=16, batch_norm=False, width=WIDTH)
    torch.save(torchvision_weights(other, batch_norm=False), path)
    with pytest.raises(WeightsError, match='13 convolutions, expected the 16 of VGG19.*vgg19-'):
        load_stem(stem, path)
    with pytest.raises(WeightsError, match='width: 1'):
        load_stem(VGGEncoder(layers=16, batch_norm=False, width=2 * WIDTH), path)
    with pytest.raises(WeightsError, match='takes no pretrained weights'):
        load_stem(nn.Identity(), path)
