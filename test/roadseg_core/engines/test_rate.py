"""Tests of the engine's measured rate."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from roadseg_core.engines.rate import EngineRate

PROJECT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ('cameras', 'fps', 'covers'),
    [(4, 15.0, True), (4, 15.1, False), (1, 60.0, True), (1, 61.0, False)],
)
def test_what_a_rate_covers(cameras: int, fps: float, covers: bool) -> None:
    rate = EngineRate(60.0, 4)
    assert rate.covers(cameras, fps) is covers
    assert ('NOT enough' in rate.compared(cameras, fps)) is not covers


def test_it_needs_no_torch() -> None:
    program = 'import sys, roadseg_core.engines.rate; sys.exit("torch" in sys.modules)'
    done = subprocess.run([sys.executable, '-c', program], cwd=PROJECT, timeout=60)
    assert done.returncode == 0
