"""Tests of the curves and panels of runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from roadseg_core.cli import main
from roadseg_core.report.training_curves import read_curves


def test_curves_and_panels_of_runs(
    tmp_path: Path, write_config: Callable[..., Path], capsys: pytest.CaptureFixture
) -> None:
    config = str(write_config('two', frames=4, batch_size=2))
    for name in ('a', 'b'):
        assert main(['train', config, f'name={name}', 'validate_every=2']) == 0
    runs = [str(tmp_path / 'runs' / name) for name in ('a', 'b')]

    assert main(['plot', *runs]) == 0
    curves = cv2.imread(str(tmp_path / 'runs' / 'curves.png'))
    assert curves.shape[1] == 1300 and curves.std() > 5
    read = read_curves(Path(runs[0]))
    assert [epoch for epoch, _ in read.training('auc')] == [1, 2]
    assert [epoch for epoch, _ in read.validation('auc')] == [2]
    assert read.validation('score')[0][1] <= 1

    panels = tmp_path / 'pictures' / 'panels.png'
    assert main(['plot', *runs, '--panels', str(panels), '--frames', '1', '--width', '640']) == 0
    # A heading and one frame of 32x64, five times side by side, of each run.
    assert cv2.imread(str(panels)).shape == (2 * (26 + 64), 640, 3)
    assert capsys.readouterr().out.count('panels.png') == 1


@pytest.mark.parametrize(
    ('arguments', 'named'),
    [
        (['--curves', 'x.png'], 'metrics.jsonl'),
        (['--panels', 'x.png'], 'best.safetensors'),
        (['--panels', 'x.png', '--frames', '0'], '--frames 0'),
    ],
)
def test_what_is_missing_is_named(
    tmp_path: Path,
    arguments: list[str],
    named: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(['plot', str(tmp_path), *arguments]) == 1
    assert named in capsys.readouterr().err
