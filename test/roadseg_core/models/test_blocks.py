"""Tests of the parts that networks are made of."""

from __future__ import annotations

import pytest
import torch

from roadseg_core.models.blocks import ConvNorm, StridedPointwise, basic_block, bottleneck


@pytest.mark.parametrize('size', [(6, 8), (5, 7)])
def test_a_strided_pointwise_layer_computes_the_same_with_and_without_gradients(
    size: tuple[int, int],
) -> None:
    layer = StridedPointwise(5, 3, 1, stride=2)
    images = torch.randn(2, 5, *size)
    with torch.no_grad():
        expected = layer(images)
    torch.testing.assert_close(layer(images), expected)
    layer(images).sum().backward()
    assert layer.weight.grad.abs().sum() > 0


@pytest.mark.parametrize('stride', [1, 2])
def test_residual_blocks_shrink_by_their_stride(stride: int) -> None:
    images = torch.randn(2, 6, 8, 12)
    for block in (basic_block(6, 4, stride=stride), bottleneck(6, 4, middle=2, stride=stride)):
        assert block(images).shape == (2, 4, 8 // stride, 12 // stride)
        assert block(images).min() >= 0


def test_no_layer_trains_by_a_plain_strided_pointwise_convolution() -> None:
    # Its gradient writes past its workspace in oneDNN: see StridedPointwise.
    assert isinstance(ConvNorm(4, 8, kernel=1, stride=2)[0], StridedPointwise)
