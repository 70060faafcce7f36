"""Tests of the loss against calculations by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from roadseg_core.labels import IGNORE, NOT_ROAD, SEVEN, TWO, LabelMap
from roadseg_core.training.class_weights import (
    class_weights,
    count_labels,
    median_frequency,
)
from roadseg_core.training.config import ConfigError, LossTerm
from roadseg_core.training.config_file import load_config
from roadseg_core.training.losses import segmentation_loss

THREE = LabelMap('three', ('a', 'road', 'c'), ((0, 0, 0), (1, 1, 1), (2, 2, 2)), road_ids=(1,))


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


def two_classes(road: list[float]) -> torch.Tensor:
    """Return scores of one row with these probabilities of class 1."""
    p = torch.tensor(road)
    return torch.stack((1.0 - p, p)).log()[None, :, None]


# Four pixels, truth 0 0 1 1, probability of class 1: 0.1 0.4 0.8 0.6; the fifth is not known.
ROAD = two_classes([0.1, 0.4, 0.8, 0.6, 0.9])
TRUTH = torch.tensor([[[0, 0, 1, 1, IGNORE]]], dtype=torch.uint8)


def loss_of(name: str, **options: object) -> float:
    """Return one loss of the four pixels."""
    weights = options.pop('weights', None)
    return segmentation_loss(
        ROAD,
        TRUTH,
        label_map=TWO,
        terms=[LossTerm(name=name, **options)],
        class_weights=weights and {0: torch.tensor(weights)},
    ).item()


def test_overlap_losses_by_hand() -> None:
    # Class 0: intersection 0.9 + 0.6, predicted 0.9 + 0.6 + 0.2 + 0.4; class 1 alike.
    assert loss_of('dice') == pytest.approx(
        1 - (2 * 1.5 / (2.1 + 2) + 2 * 1.4 / (1.9 + 2)) / 2, rel=1e-5
    )
    assert loss_of('iou') == pytest.approx(
        1 - (1.5 / (2.1 + 2 - 1.5) + 1.4 / (1.9 + 2 - 1.4)) / 2, rel=1e-5
    )


def test_lovasz_by_hand() -> None:
    # Both classes are wrong by 0.4, 0.4, 0.2 and 0.1; after two of these pixels, one of them of
    # the class and one not, the IoU is 1/3, whichever comes first.
    class_0 = 0.4 * 2 / 3 + 0.2 * (3 / 4 - 2 / 3) + 0.1 * (1 - 3 / 4)
    class_1 = 0.4 * 2 / 3 + 0.2 * (1 - 2 / 3)
    assert loss_of('lovasz') == pytest.approx((class_0 + class_1) / 2, rel=1e-5)


@pytest.mark.parametrize('name', ['dice', 'iou', 'lovasz'])
def test_overlap_losses_are_least_where_all_is_right(name: str) -> None:
    perfect = two_classes([1e-7, 1e-7, 1 - 1e-7, 1 - 1e-7, 0.5])
    loss = segmentation_loss(perfect, TRUTH, label_map=TWO, terms=[LossTerm(name=name)])
    assert loss.item() == pytest.approx(0.0, abs=1e-5)


def test_class_weights_by_hand() -> None:
    costs = [-math.log(p) for p in (0.9, 0.6, 0.8, 0.6)]
    assert loss_of('cross_entropy', weights=[1.0, 3.0]) == pytest.approx(
        (costs[0] + costs[1] + 3 * costs[2] + 3 * costs[3]) / 8, rel=1e-5
    )


def test_weights_of_rare_classes() -> None:
    images = [np.array([[0, 0, 0, 1]], np.uint8), np.array([[0, 0, IGNORE, 0]], np.uint8)]
    pixels, seen, partly_known = count_labels(images, THREE)
    assert pixels.tolist() == [6, 1, 0] and seen.tolist() == [7, 4, 0] and not partly_known
    # Frequencies 6/7 and 1/4, their median 31/56.
    np.testing.assert_allclose(median_frequency(pixels, seen), [31 / 48, 31 / 14, 0])


def test_of_two_classes_not_road_is_one() -> None:
    images = [np.array([[NOT_ROAD, NOT_ROAD, NOT_ROAD, 1, IGNORE, 0]], np.uint8)]
    pixels, seen, partly_known = count_labels(images, TWO)
    assert pixels.tolist() == [4, 1] and seen.tolist() == [5, 5] and not partly_known
    assert count_labels(images, THREE)[2]


def test_no_class_weighs_nothing_where_only_not_road_is_known(
    write_config: Callable[..., Path],
) -> None:
    config = load_config(
        write_config('seven', frames=1, batch_size=1),
        ['loss=[{name: cross_entropy, class_weights: median_frequency}]'],
    )

    def weights(labels: list[int], label_map: LabelMap) -> list[float]:
        images = [np.array([labels], np.uint8)]
        return class_weights(config, images, label_map, device=torch.device('cpu'))[0].tolist()

    assert weights([NOT_ROAD, NOT_ROAD, 1], TWO)[0] > 0
    with pytest.raises(ConfigError, match='sky, infrastructure, sidewalk.*label_map=two'):
        weights([NOT_ROAD, 2], SEVEN)
    assert min(weights([NOT_ROAD, 0, 1, 2, 3, 4, 5], SEVEN)[:6]) > 0
    # Without such truth nothing depends on a class that is never seen.
    assert weights([0, 2], SEVEN)[1] == 0
