"""Runs into one output folder leave each other's work alone, and remove what dead ones left."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from roadseg_core.evaluation.fleet.attempts import attempts_of_a_run
from roadseg_core.evaluation.settings.values import EvaluationError


def test_a_run_that_goes_on_keeps_what_it_has(tmp_path: Path) -> None:
    with attempts_of_a_run(tmp_path) as first:
        (first / 'half').mkdir()
        with attempts_of_a_run(tmp_path) as second:
            assert first != second and second.is_dir() and (first / 'half').is_dir()
        assert (first / 'half').is_dir() and not second.exists()
    assert not (tmp_path / 'attempts').exists()


def test_what_a_dead_run_left_is_removed(tmp_path: Path) -> None:
    dead = subprocess.run(
        [
            sys.executable,
            '-c',
            'import os, sys; from pathlib import Path\n'
            'from roadseg_core.evaluation.fleet.attempts import attempts_of_a_run\n'
            'with attempts_of_a_run(Path(sys.argv[1])) as own:\n'
            '    (own / "half").mkdir(); os._exit(9)',
            str(tmp_path),
        ],
        check=False,
    )
    assert dead.returncode == 9 and len(list((tmp_path / 'attempts').glob('*/half'))) == 1
    (tmp_path / 'attempts' / 'without a lock').mkdir()
    with attempts_of_a_run(tmp_path) as own:
        assert list((tmp_path / 'attempts').iterdir()) == [own]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / 'file').touch()
    with (
        pytest.raises(EvaluationError, match='choose another'),
        attempts_of_a_run(tmp_path / 'file'),
    ):
        pass
