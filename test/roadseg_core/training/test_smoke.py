"""Every shipped configuration trains: seconds on generated data, small sizes and widths."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from roadseg_core.checkpoint import load_checkpoint
from roadseg_core.cli import main
from roadseg_core.files import find_config
from roadseg_core.training.config import ConfigError
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


def test_each_run_of_several_starts_from_the_best_of_the_one_before(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    finish = tmp_path / 'finish.yaml'
    first = find_config('training', 'own_streets', ConfigError).read_text()
    # Another seed: only the checkpoint can give it the same weights.
    other = first.replace('name: own_streets', 'name: finish').replace('seed: 1', 'seed: 99')
    finish.write_text(other)
    several = ['train', 'own_streets', str(finish), f'output={tmp_path}', 'threads=1', '--smoke']
    assert main([*several, 'optimizer.learning_rate=1.0e-9']) == 0
    networks = [
        load_checkpoint(tmp_path / run / 'best.safetensors').network
        for run in ('own_streets', 'finish')
    ]
    for before, after in zip(*(network.parameters() for network in networks), strict=True):
        torch.testing.assert_close(after, before, rtol=0, atol=1e-6)

    # Nothing is trained where the last of them cannot be.
    shutil.rmtree(tmp_path / 'own_streets')
    assert main(several) == 1
    assert f'{tmp_path / "finish"}: there is a run already' in capsys.readouterr().err
    assert not (tmp_path / 'own_streets').exists()
    assert main(['train', str(finish), *several[1:]]) == 1
    assert 'several runs would write one folder' in capsys.readouterr().err
