"""Tests of the learned upsampling."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from roadseg_core.models.upsampling import LearnedUpsampling, PhaseUpsampling


@pytest.mark.parametrize('factor', [2, 8, 32])
def test_starts_as_bilinear_interpolation(factor: int) -> None:
    scores = torch.randn(1, 3, 5, 6)
    expected = functional.interpolate(scores, scale_factor=factor, mode='bilinear')
    enlarged = LearnedUpsampling(classes=3, factor=factor)(scores)
    # The border differs: the transposed convolution sees zeros outside.
    inner = slice(factor, -factor)
    torch.testing.assert_close(enlarged[..., inner, inner], expected[..., inner, inner])


@pytest.mark.parametrize('factor', [2, 4, 32])
def test_phases_are_exact(factor: int) -> None:
    upsampling = LearnedUpsampling(classes=3, factor=factor)
    torch.nn.init.normal_(upsampling.weight)
    scores = torch.randn(2, 3, 3, 4)
    fast = PhaseUpsampling(upsampling)
    placed = torch.stack([fast.assemble(phases) for phases in fast(scores)], dim=1)
    expected = upsampling.eval()(scores)
    torch.testing.assert_close(placed, expected, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(upsampling.train()(scores), expected, rtol=1e-5, atol=1e-5)


def test_training_by_phases_has_the_gradients_of_the_transposed_convolution() -> None:
    upsampling = LearnedUpsampling(classes=3, factor=4)
    gradients = []
    for mode in (True, False):
        scores = torch.randn(2, 3, 3, 4, generator=torch.Generator().manual_seed(0))
        scores.requires_grad_()
        upsampling.train(mode)(scores).square().sum().backward()
        gradients.append((scores.grad, upsampling.weight.grad))
        upsampling.weight.grad = None
    for one, other in zip(*gradients):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def test_odd_factor_is_refused() -> None:
    with pytest.raises(ValueError, match='even'):
        LearnedUpsampling(classes=2, factor=3)
