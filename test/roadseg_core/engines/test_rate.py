"""Tests of the engine's measured rate."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from roadseg_core.engines import open_engine
from roadseg_core.engines.rate import EngineRate, measure_rate

PROJECT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ('cameras', 'fps', 'covers'),
    [(4, 15.0, True), (4, 15.1, False), (1, 60.0, True), (1, 61.0, False)],
)
def test_what_a_rate_covers(cameras: int, fps: float, covers: bool) -> None:
    rate = EngineRate(60.0, 4)
    assert rate.covers(cameras, fps) is covers
    assert ('NOT enough' in rate.compared(cameras, fps)) is not covers


def test_the_shipped_model_has_a_rate() -> None:
    engine = open_engine(PROJECT / 'models' / 'mobilenet_fcn_0.5.onnx')
    try:
        rate = measure_rate(engine, 2, seconds=0.0)
    finally:
        engine.close()
    assert rate.frames_per_second > 0 and rate.batch == 2


def test_it_is_measured_without_torch() -> None:
    program = 'import sys, roadseg_core.engines.rate; sys.exit("torch" in sys.modules)'
    done = subprocess.run([sys.executable, '-c', program], cwd=PROJECT, timeout=60)
    assert done.returncode == 0
