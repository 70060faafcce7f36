"""Tests of learning rates, moving averages and precisions."""

from __future__ import annotations

import pytest
import torch

from roadseg_core.training.config import ScheduleSection
from roadseg_core.training.distributed import DeviceError
from roadseg_core.training.ema import MovingAverage
from roadseg_core.training.precision import Precision, fastest
from roadseg_core.training.schedules import rate_factor


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


def test_precisions_of_a_processor() -> None:
    processor = torch.device('cpu')
    assert fastest(processor) in ('bf16', 'fp32')
    assert str(Precision('auto', processor)) == fastest(processor)
    layer, values = torch.nn.Linear(2, 2), torch.ones(1, 2)
    for name, kind in (('fp32', torch.float32), ('bf16', torch.bfloat16)):
        precision = Precision(name, processor)
        with precision.forward():
            assert layer(values).dtype == kind
        assert not precision.scaler.is_enabled()
    with pytest.raises(DeviceError, match='precision=bf16'):
        Precision('fp16', processor)
