"""Every shipped configuration trains: seconds on generated data, small sizes and widths."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadseg_core.checkpoint import load_checkpoint
from roadseg_core.cli import main
from roadseg_core.training.run_folder import read_metrics

SHIPPED = sorted((Path(__file__).parents[3] / 'config' / 'training').glob('*.yaml'))


@pytest.mark.parametrize('path', SHIPPED, ids=lambda path: path.stem)
def test_shipped_configuration_trains(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert main(['train', str(path), f'output={tmp_path}', 'threads=1', '--smoke']) == 0
    assert '2 steps per epoch (ceil(4 / 2)), 2 steps in all' in capsys.readouterr().out
    run = tmp_path / path.stem
    (row,) = read_metrics(run)
    assert row['step'] == 2 and row['loss'] > 0
    figures = row['validation']['generated_val']
    assert 0 <= figures['pixel_accuracy'] <= 1 and 0 <= figures['auc'] <= 1
    assert load_checkpoint(run / 'best.safetensors').info.label_map.road_ids
    assert list(run.glob('events.out.tfevents.*'))


def test_a_second_trial_needs_nothing_more_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert main(['train', 'own_streets', 'threads=1', 'tensorboard=false', '--smoke']) == 0
    assert (tmp_path / 'build' / 'smoke' / 'own_streets' / 'best.safetensors').is_file()
    assert main(['train', 'my_street', '--smoke']) == 1
    assert 'own_streets' in capsys.readouterr().err
