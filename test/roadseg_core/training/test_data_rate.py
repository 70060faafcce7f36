"""The measurement of data loading runs and adds up; how fast it is depends on the machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from roadseg_core.training.config_file import load_config
from roadseg_core.training.data_rate import Turn, measure_data_loading, take_turn


def test_rates_with_loading_and_without(
    tmp_path: Path, write_config: Callable[..., Path], capsys: pytest.CaptureFixture
) -> None:
    config = load_config(write_config('two', frames=4, batch_size=2), ['data.workers=1'])
    rate = measure_data_loading(config, steps=2, rounds=2)
    assert json.loads(capsys.readouterr().out)['ratio'] == rate.ratio
    assert rate.config == 'tiny' and rate.steps == 4 and rate.workers == 1
    assert rate.ratio == pytest.approx(rate.loaded / rate.in_memory, rel=0.05)
    assert 0 <= rate.wait_share <= 1
    assert not (tmp_path / 'runs').exists()


def test_a_smaller_last_batch_counts_for_what_it_has() -> None:
    batches = [(torch.zeros(size, 2, 2, 3), torch.zeros(size, 2, 2)) for size in (4, 1, 4)]
    seen = []
    turn = take_turn(iter(batches), lambda frames, labels: seen.append(len(labels)))
    assert seen == [4, 1, 4] and turn.samples == 9
    assert 0 <= turn.waited <= turn.seconds
    assert Turn(9, 2.0, 0.5) + Turn(1, 1.0, 0.5) == Turn(10, 3.0, 1.0)
