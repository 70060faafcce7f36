"""Tests of the parts that networks are made of."""

from __future__ import annotations

import pytest
import torch

from roadseg_core.models.blocks import (
    ConvNorm,
    Dropout,
    StridedDepthwise,
    StridedPointwise,
    basic_block,
    bottleneck,
)


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


@pytest.mark.parametrize('padding', [0, 1])
def test_depthwise_with_a_stride_in_bf16_has_values_and_gradients_of_the_plain_form(
    padding: int,
) -> None:
    layer = StridedDepthwise(4, 4, 3, stride=2, padding=padding, groups=4)
    plain = torch.nn.Conv2d(4, 4, 3, stride=2, padding=padding, groups=4)
    plain.load_state_dict(layer.state_dict())
    results = []
    for one, kind in ((layer, torch.bfloat16), (plain, torch.float32)):
        images = torch.rand(2, 4, 9, 13, generator=torch.Generator().manual_seed(0))
        images = images.to(kind, memory_format=torch.channels_last).requires_grad_()
        found = one.to(kind)(images)
        found.square().sum().backward()
        results.append((found, images.grad, one.weight.grad, one.bias.grad))
    for found, expected in zip(*results):
        torch.testing.assert_close(found.float(), expected, rtol=0.05, atol=0.1)


@pytest.mark.parametrize('probability', [0.0, 0.5, 0.9])
def test_dropout_drops_a_share_and_keeps_the_mean(probability: float) -> None:
    torch.manual_seed(0)
    dropout = Dropout(probability)
    features = torch.ones(8, 64, 30, 33).to(memory_format=torch.channels_last)
    found = dropout(features)
    assert (found == 0).float().mean().item() == pytest.approx(probability, abs=0.01)
    # In every channel and row: no byte of the random words is drawn otherwise.
    for axes in ((0, 2, 3), (0, 1, 3)):
        torch.testing.assert_close(
            found.mean(axes), torch.ones(found.mean(axes).shape), rtol=0.3, atol=0.0
        )
    assert torch.equal(dropout.eval()(features), features)
