"""Tests of counting operations."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from roadseg_core.budget.operations import build_for_counting, count_operations
from roadseg_core.models import NETWORKS, build_network

# MFLOPs of MobileNet-FCN, 320x480, depth multiplier 0.5, kernel 7x7, depth 1024, 7 classes.
GOLDEN_STEM = (
    33.2,
    11.1,
    39.3,
    5.5,
    39.3,
    11.1,
    78.6,
    2.8,
    39.3,
    5.5,
    78.6,
    1.4,
    39.3,
    *(2.8, 78.6) * 5,
    0.7,
    39.3,
    1.4,
    78.6,
)
GOLDEN_HEAD = (7.5, 157.3, 2.2, 60.2)


def mobilenet_fcn(depth_multiplier: float, classes: int = 7) -> nn.Module:
    return build_for_counting(
        'mobilenet_fcn',
        {
            'classes': classes,
            'depth_multiplier': depth_multiplier,
            'classifier_kernel': 7,
            'classifier_depth': 1024,
        },
    )


def test_mobilenet_fcn_has_the_published_operations() -> None:
    layers = count_operations(mobilenet_fcn(0.5), (320, 480))
    found = [operations / 1e6 for operations in layers.values()]
    assert found == pytest.approx([*GOLDEN_STEM, *GOLDEN_HEAD], abs=0.05)
    first = next(iter(layers))
    assert first.startswith('stem') and 'Conv2d_0' in first
    assert sum(layers.values()) / 1e6 == pytest.approx(1139.3, abs=0.05)


def test_the_full_width_has_the_published_total() -> None:
    total = sum(count_operations(mobilenet_fcn(1.0), (320, 480)).values())
    assert total / 1e6 == pytest.approx(3868, abs=0.5)


def test_a_layer_of_each_kind_by_hand() -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 8, (3, 5), stride=2, padding=(1, 2)),
        nn.Conv2d(8, 8, 3, padding=1, groups=8),
        nn.ReLU(),
        nn.ConvTranspose2d(8, 4, 4, stride=2, padding=1),
    )
    assert list(count_operations(network, (16, 24)).values()) == [
        2 * 8 * 12 * 3 * 8 * 3 * 5,
        2 * 8 * 12 * 8 * 3 * 3,
        2 * 8 * 12 * 8 * 4 * 4 * 4,
    ]
    assert network.training


def test_functional_calls_belong_to_their_block() -> None:
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Conv2d(3, 3, 1)
            self.register_buffer('kernel', torch.zeros(5, 3, 1, 1))

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return nn.functional.conv2d(self.inner(images), self.kernel)

    layers = count_operations(nn.Sequential(Block()), (4, 4))
    assert layers == {
        '0.inner': 2 * 16 * 9,
        '0': 2 * 16 * 15,
    }


@pytest.mark.parametrize('name', sorted(NETWORKS))
def test_every_network_agrees_with_the_formulas(name: str) -> None:
    network = build_for_counting(name, {}).eval()
    expected = []

    def add(layer: nn.Module, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
        positions = (inputs[0] if isinstance(layer, nn.ConvTranspose2d) else output).shape[2:]
        expected.append(2 * positions.numel() * layer.weight.numel())

    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
            layer.register_forward_hook(add)
    layers = count_operations(network, (320, 480))
    # Above the layers': functional products, such as an interpolation by matrices.
    assert 0 < sum(expected) <= sum(layers.values()) <= 1.02 * sum(expected)


def test_an_illegal_size_is_refused() -> None:
    with pytest.raises(ValueError, match='multiples'):
        count_operations(mobilenet_fcn(0.5), (300, 480))


def test_counting_leaves_a_real_network_as_it_was() -> None:
    network = build_network('unet', {'filters': 2, 'depth': 2})
    before = {name: value.clone() for name, value in network.state_dict().items()}
    count_operations(network, (32, 32))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
