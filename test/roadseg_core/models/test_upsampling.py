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
    phases = fast(scores).reshape(2, 3, factor**2, 4, 5)
    placed = torch.stack([fast.assemble(phases[:, i]) for i in range(3)], dim=1)
    torch.testing.assert_close(placed, upsampling(scores), rtol=1e-5, atol=1e-5)


def test_odd_factor_is_refused() -> None:
    with pytest.raises(ValueError, match='even'):
        LearnedUpsampling(classes=2, factor=3)
