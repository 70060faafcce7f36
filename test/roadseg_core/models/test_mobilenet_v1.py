"""Tests of the MobileNet V1 stem."""

from __future__ import annotations

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
