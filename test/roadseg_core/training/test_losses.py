"""Tests of the loss against calculations by hand."""

from __future__ import annotations

import math

import pytest
import torch

from roadseg_core.data.source import NOT_ROAD
from roadseg_core.labels import IGNORE, SEVEN, TWO
from roadseg_core.training.losses import segmentation_loss


def test_known_road_and_not_road_by_hand() -> None:
    probabilities = torch.tensor([0.1, 0.2, 0.4, 0.1, 0.1, 0.05, 0.05])
    scores = probabilities.log()[None, :, None, None].repeat(1, 1, 1, 4)
    labels = torch.tensor([[[1, NOT_ROAD, 2, IGNORE]]], dtype=torch.uint8)
    expected = -(math.log(0.2) + math.log(1 - 0.4) + math.log(0.4)) / 3
    loss = segmentation_loss(scores, labels, label_map=SEVEN)
    assert loss.item() == pytest.approx(expected, rel=1e-5)


def test_sigmoid_by_hand() -> None:
    scores = torch.tensor([[[[0.0, 2.0, 5.0]]]])
    labels = torch.tensor([[[1, 0, IGNORE]]], dtype=torch.uint8)
    expected = (math.log(2) + math.log(1 + math.exp(2))) / 2
    assert segmentation_loss(scores, labels, label_map=TWO).item() == pytest.approx(expected)


@pytest.mark.parametrize('channels', [1, 7])
def test_nothing_labelled_costs_nothing(channels: int) -> None:
    scores = torch.randn(1, channels, 2, 2, requires_grad=True)
    labels = torch.full((1, 2, 2), IGNORE, dtype=torch.uint8)
    loss = segmentation_loss(scores, labels, label_map=SEVEN if channels == 7 else TWO)
    loss.backward()
    assert loss.item() == 0.0 and not scores.grad.any()
