"""Tests of learning rates, weight decay and moving averages."""

from __future__ import annotations

import pytest
import torch

from roadseg_core.models import build_network
from roadseg_core.training.config import OptimizerSection, ScheduleSection
from roadseg_core.training.optimization import MovingAverage, build_optimizer, rate_factor


@pytest.mark.parametrize(
    ('section', 'expected'),
    [
        ({'name': 'constant'}, [1.0, 1.0, 1.0]),
        ({'name': 'step', 'decay': 0.95}, [1.0, 0.95**5, 0.95**9]),
        ({'name': 'cosine'}, [1.0, 0.5, 0.0061558]),
        ({'name': 'poly', 'power': 1.0}, [1.0, 0.5, 0.05]),
    ],
)
def test_learning_rates(section: dict, expected: list[float]) -> None:
    factors = [
        rate_factor(ScheduleSection(**section), step=step, steps=20, steps_per_epoch=2)
        for step in (0, 10, 19)
    ]
    assert factors == pytest.approx(expected, rel=1e-4)


def test_warm_up_is_linear() -> None:
    section = ScheduleSection(name='constant', warmup_epochs=2)
    factors = [rate_factor(section, step=step, steps=20, steps_per_epoch=2) for step in range(5)]
    assert factors == [0.25, 0.5, 0.75, 1.0, 1.0]


def test_moving_average() -> None:
    network = torch.nn.Sequential(torch.nn.Linear(1, 1, bias=False), torch.nn.BatchNorm1d(1))
    torch.nn.init.zeros_(network[0].weight)
    average = MovingAverage(network, 0.5)
    torch.nn.init.ones_(network[0].weight)
    network[1].running_mean.fill_(3.0)
    average.update(network, 0)  # the decay is 1 / 10 at first
    assert average.network[0].weight.item() == pytest.approx(0.9)
    average.update(network, 1000)
    assert average.network[0].weight.item() == pytest.approx(0.95)
    assert average.network[1].running_mean.item() == 3.0


def test_weight_decay_can_spare_all_but_the_kernels_of_convolutions() -> None:
    network = build_network('mobilenet_fcn', {'depth_multiplier': 0.1, 'classifier_depth': 8})
    section = OptimizerSection(name='adam', weight_decay=0.5, decay_of='convolutions')
    decayed, others = build_optimizer(network, section).param_groups
    assert (decayed['weight_decay'], others['weight_decay']) == (0.5, 0.0)
    named = {id(weight): name for name, weight in network.named_parameters()}
    names = {named[id(weight)] for weight in decayed['params']}
    assert {'stem.layers.Conv2d_0.conv.weight', 'head.0.weight', 'head.7.weight'} <= names
    assert not any('norm' in name or 'bias' in name or 'upsampling' in name for name in names)
    assert len(decayed['params']) + len(others['params']) == len(named)
