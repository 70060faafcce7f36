"""These tests read the constraints that keep what a ROS distribution brings."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).resolve().parents[2] / 'requirements'


@pytest.fixture
def constraints(tmp_path: Path) -> set[str]:
    """Return the constraints for a Python that has three packages installed."""
    for package in ('numpy-1.26.4', 'typing_extensions-3.10.0.2', 'packaging-99.1'):
        metadata = tmp_path / f'{package}.dist-info' / 'METADATA'
        metadata.parent.mkdir()
        name, _, version = package.partition('-')
        metadata.write_text(f'Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n')
    done = subprocess.run(
        [sys.executable, '-S', str(REQUIREMENTS / 'distribution.py')],
        env={'PYTHONPATH': str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.splitlines())


def locked(name: str) -> set[str]:
    lines = (REQUIREMENTS / 'lock.txt').read_text(encoding='utf-8').splitlines()
    return {line for line in lines if line.startswith(f'{name}==')}


def test_numpy_keeps_its_major_version(constraints: set[str]) -> None:
    assert {line for line in constraints if line.startswith('numpy')} == {'numpy<2'}


def test_what_is_there_may_stay_and_rises_to_the_lock_at_most(constraints: set[str]) -> None:
    version = locked('typing-extensions').pop().partition('==')[2]
    assert f'typing-extensions<={version}' in constraints


def test_what_is_newer_than_the_lock_stays(constraints: set[str]) -> None:
    assert 'packaging<=99.1' in constraints


def test_what_is_missing_comes_as_locked(constraints: set[str]) -> None:
    assert len(locked('contourpy')) > 1
    assert locked('contourpy') | locked('onnx-ir') < constraints
