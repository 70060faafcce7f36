"""Tests of the MobileNet V1 stem."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from roadseg_core.models.mobilenet_v1 import ENDPOINTS, MobileNetV1Stem


def test_pads_strides_at_the_bottom_and_right() -> None:
    stem = MobileNetV1Stem(depth_multiplier=0.25, final_endpoint='Conv2d_0', folded=True)
    with torch.no_grad():
        stem.layers.Conv2d_0.conv.weight.zero_()
        stem.layers.Conv2d_0.conv.weight[:, 0, 0, 0] = 1.0
    images = torch.arange(64.0).reshape(1, 1, 8, 8).repeat(1, 3, 1, 1) / 64
    assert torch.equal(stem(images)[0, 0], images[0, 0, ::2, ::2])


def test_folded_it_has_no_batch_norm() -> None:
    for folded in (True, False):
        stem = MobileNetV1Stem(depth_multiplier=0.25, folded=folded)
        norms = [m for m in stem.modules() if isinstance(m, nn.BatchNorm2d)]
        assert len(norms) == (0 if folded else 27)
    assert len(ENDPOINTS) == 14


def test_gives_the_features_of_several_endpoints() -> None:
    stem = MobileNetV1Stem(depth_multiplier=0.25, final_endpoint='Conv2d_7_pointwise').eval()
    images = torch.randn(1, 3, 32, 64)
    fine, last = stem.features(images, ('Conv2d_5_pointwise', 'Conv2d_7_pointwise'))
    assert fine.shape == (1, stem.width('Conv2d_5_pointwise'), 4, 8)
    assert torch.equal(last, stem(images))


@pytest.mark.parametrize('depth_multiplier', [0.25, 0.5, 1.0])
def test_folded_and_from_a_random_start_its_features_are_alive(depth_multiplier: float) -> None:
    torch.manual_seed(1)
    stem = MobileNetV1Stem(depth_multiplier=depth_multiplier, folded=True)
    with torch.no_grad():
        features = stem(torch.rand(2, 3, 64, 96) * 2 - 1)
    assert features.std() > 0.01
    depthwise = stem.layers.Conv2d_6_depthwise.conv.weight
    assert depthwise.std().item() == pytest.approx((2 / 9) ** 0.5, rel=0.1)


def test_folded_and_from_a_random_start_it_learns_bright_from_dark() -> None:
    torch.manual_seed(0)
    stem = MobileNetV1Stem(depth_multiplier=0.25, folded=True)
    network = nn.Sequential(stem, nn.Conv2d(stem.out_channels, 1, 1))
    bright = torch.tensor([0.0, 1.0] * 4)[:, None, None, None]
    images = (2 * bright - 1) * 0.5 + 0.1 * torch.randn(8, 3, 32, 32)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    for _ in range(30):
        loss = nn.functional.binary_cross_entropy_with_logits(network(images), bright)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert ((network(images) > 0) == (bright > 0.5)).all()
