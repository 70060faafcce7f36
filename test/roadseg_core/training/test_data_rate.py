"""The measurement of data loading runs and adds up; how fast it is depends on the machine."""

from __future__ import annotations

from collections.abc import Callable
import json
from pathlib import Path

import pytest

from roadseg_core.training.config_file import load_config
from roadseg_core.training.data_rate import measure_data_loading


def test_rates_with_loading_and_without(tmp_path: Path, write_config: Callable[..., Path],
                                        capsys: pytest.CaptureFixture) -> None:
    config = load_config(write_config('two', frames=4, batch_size=2), ['data.workers=1'])
    rate = measure_data_loading(config, steps=2, rounds=2)
    assert json.loads(capsys.readouterr().out)['ratio'] == rate.ratio
    assert rate.config == 'tiny' and rate.steps == 4 and rate.workers == 1
    assert rate.ratio == pytest.approx(rate.loaded / rate.in_memory, rel=0.05)
    assert 0 <= rate.wait_share <= 1
    assert not (tmp_path / 'runs').exists()
