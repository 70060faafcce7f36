"""Tests of runs that go on: killed in mid-epoch, or with another configuration."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from roadseg_core.checkpoint import load_state, load_tensors
from roadseg_core.cli import main
from roadseg_core.training.progress import Progress
from roadseg_core.training.run_folder import read_metrics

STEPS_PER_EPOCH = 40


def start(config: Path, *arguments: str) -> subprocess.Popen:
    """Start a training process; its output is a pipe."""
    return subprocess.Popen(
        [sys.executable, '-m', 'roadseg_core.cli', 'train', str(config), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_a_run_killed_in_mid_epoch_ends_in_the_same_weights(
    tmp_path: Path, write_config: Callable[..., Path]
) -> None:
    config = write_config('seven', frames=2 * STEPS_PER_EPOCH, batch_size=2)
    often = 'checkpoints.every_minutes=0.0001'
    process = start(config, 'name=killed', often)
    last = tmp_path / 'runs' / 'killed' / 'last.safetensors'
    deadline = time.monotonic() + 180
    while not last.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    output = process.communicate(timeout=120)[0]
    assert process.returncode == -signal.SIGKILL, output
    killed_at = load_state(last)['progress']['step']
    assert 0 < killed_at < 2 * STEPS_PER_EPOCH and killed_at % STEPS_PER_EPOCH

    process = start(config, 'name=killed', often, '--resume')
    output = process.communicate(timeout=240)[0]
    assert process.returncode == 0 and f'going on after {killed_at}' in output, output

    assert main(['train', str(config), 'name=whole']) == 0
    whole = tmp_path / 'runs' / 'whole' / 'last.safetensors'
    for part in ('network', 'average', 'optimizer'):
        expected, found = load_tensors(whole, part), load_tensors(last, part)
        assert expected and expected.keys() == found.keys()
        for name, tensor in expected.items():
            assert torch.equal(tensor, found[name]), f'{part} {name}'
    rows, whole_rows = (read_metrics(path.parent) for path in (last, whole))
    for key in ('loss', 'train', 'validation'):
        assert [row[key] for row in rows] == [row[key] for row in whole_rows]


def test_runs_are_not_mixed_up(
    tmp_path: Path, write_config: Callable[..., Path], capsys: pytest.CaptureFixture
) -> None:
    config = str(write_config('two', frames=4, batch_size=2))
    assert main(['train', config, 'epochs=1', '--resume']) == 0
    assert 'no last.safetensors to go on with: a new run' in capsys.readouterr().out
    assert main(['train', config]) == 1
    assert '--resume' in capsys.readouterr().err
    assert main(['train', config, 'batch_size=4', '--resume']) == 1
    assert 'batch_size' in capsys.readouterr().err
    assert main(['train', config, 'epochs=2', '--resume']) == 0
    assert [row['epoch'] for row in read_metrics(tmp_path / 'runs' / 'tiny')] == [1, 2]
    assert main(['train', config, 'epochs=1', 'batch_size=4', '--overwrite']) == 0
    assert [row['step'] for row in read_metrics(tmp_path / 'runs' / 'tiny')] == [1]


def test_a_run_goes_on_after_its_last_epoch(
    tmp_path: Path, write_config: Callable[..., Path]
) -> None:
    config = str(write_config('two', frames=4, batch_size=2))
    same = 'schedule.name=constant'
    assert main(['train', config, 'name=parts', 'epochs=1', same]) == 0
    assert main(['train', config, 'name=parts', 'epochs=2', same, '--resume']) == 0
    assert main(['train', config, 'name=whole', 'epochs=2', same]) == 0
    parts, whole = (read_metrics(tmp_path / 'runs' / name) for name in ('parts', 'whole'))
    for key in ('loss', 'train', 'validation'):
        assert [row[key] for row in parts] == [row[key] for row in whole]


def test_the_last_checkpoints_are_kept_and_a_run_stops_early(
    tmp_path: Path, write_config: Callable[..., Path]
) -> None:
    config = str(write_config('two', frames=4, batch_size=2))
    # At a learning rate of next to nothing no validation is better than the first.
    assert (
        main(
            [
                'train',
                config,
                'epochs=9',
                'patience=2',
                'optimizer.learning_rate=1e-30',
                'ema_decay=0',
                'checkpoints.keep=2',
                'checkpoints.best=loss',
            ]
        )
        == 0
    )
    run = tmp_path / 'runs' / 'tiny'
    assert len(read_metrics(run)) == 3
    assert [path.name for path in sorted(run.glob('step_*'))] == [
        'step_00000004.safetensors',
        'step_00000006.safetensors',
    ]
    assert load_state(run / 'best.safetensors')['progress']['step'] == 2


def test_overwriting_deletes_nothing_before_all_is_checked(
    tmp_path: Path, write_config: Callable[..., Path], capsys: pytest.CaptureFixture
) -> None:
    config = str(write_config('two', frames=4, batch_size=2))
    assert main(['train', config, 'epochs=1']) == 0
    run = tmp_path / 'runs' / 'tiny'
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    for wrong in (
        'data.train.0.name=camvid',
        'data.label_map=nine',
        'network.name=nothing',
        'init=nothing.safetensors',
        'optimizer.learning_rate=-1',
        'loss=[{name: cross_entropy, class_weights: [1, 2, 3]}]',
    ):
        assert main(['train', config, wrong, f'data.root={tmp_path}', '--overwrite']) == 1, wrong
        assert {path.name: path.read_bytes() for path in run.iterdir()} == before, wrong
    capsys.readouterr()
    # A run may start from the one that it takes the place of.
    assert (
        main(['train', config, 'epochs=1', f'init={run / "best.safetensors"}', '--overwrite']) == 0
    )
    assert (run / 'last.safetensors').read_bytes() != before['last.safetensors']


def test_a_run_that_ends_without_a_validation_is_validated(
    tmp_path: Path, write_config: Callable[..., Path], capsys: pytest.CaptureFixture
) -> None:
    config = str(write_config('two', frames=4, batch_size=2))
    run = tmp_path / 'runs' / 'tiny'
    assert main(['train', config, 'validate_every=9', 'epochs=2', 'checkpoints.keep=9']) == 0
    # As after a kill between the epochs.
    (run / 'best.safetensors').unlink()
    (run / 'last.safetensors').write_bytes((run / 'step_00000002.safetensors').read_bytes())
    assert main(['train', config, 'validate_every=9', 'epochs=1', '--resume']) == 0
    assert 'best score' in capsys.readouterr().out
    for name in ('best', 'last'):
        assert load_state(run / f'{name}.safetensors')['progress']['best'] is not None


def test_a_score_that_is_no_number_is_never_the_best() -> None:
    progress = Progress()
    scores = (float('nan'), 0.5, float('nan'), 0.4, 0.6, float('inf'))
    assert [progress.take_score(score) for score in scores] == [
        False,
        True,
        False,
        False,
        True,
        False,
    ]
    assert progress.best == 0.6 and progress.since_best == 1


def test_a_run_without_any_score_says_so(
    tmp_path: Path, write_config: Callable[..., Path], capsys: pytest.CaptureFixture
) -> None:
    config = str(write_config('two', frames=4, batch_size=2))
    assert (
        main(
            [
                'train',
                config,
                'epochs=1',
                'checkpoints.best=loss',
                'ema_decay=0',
                'optimizer.name=sgd',
                'optimizer.learning_rate=1e30',
            ]
        )
        == 0
    )
    assert 'no validation gave a number' in capsys.readouterr().out
    assert not (tmp_path / 'runs' / 'tiny' / 'best.safetensors').exists()


def test_ctrl_c_ends_a_run_after_its_step_and_says_what_is_kept(
    tmp_path: Path, write_config: Callable[..., Path]
) -> None:
    config = write_config('two', frames=400, batch_size=2)
    process = start(config, 'data.workers=1', 'tensorboard=true')
    deadline = time.monotonic() + 180
    # TensorBoard's file is opened before the first step.
    while not list(tmp_path.glob('runs/tiny/events*')) and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    output = process.communicate(timeout=120)[0]
    assert process.returncode == 130 and 'Traceback' not in output, output
    step = load_state(tmp_path / 'runs' / 'tiny' / 'last.safetensors')['progress']['step']
    assert 0 < step < 400 and f'up to step {step} of 400; give --resume to go on' in output


def test_a_run_starts_from_a_model_file_of_other_classes(
    tmp_path: Path, write_config: Callable[..., Path], capsys: pytest.CaptureFixture
) -> None:
    config = str(write_config('seven', frames=4, batch_size=2))
    assert main(['train', config, 'epochs=1']) == 0
    best, model = tmp_path / 'runs' / 'tiny' / 'best.safetensors', tmp_path / 'tiny.onnx'
    assert main(['export', str(best), '--output', str(model)]) == 0
    same = ['train', config, f'init={model}', 'epochs=1', 'optimizer.learning_rate=1e-30']
    assert main([*same, 'name=same', 'ema_decay=0']) == 0
    rows = [read_metrics(tmp_path / 'runs' / name)[0] for name in ('tiny', 'same')]
    figures = [row['validation']['generated_val']['pixel_accuracy'] for row in rows]
    assert figures[1] == pytest.approx(figures[0], abs=0.05)
    two = ['data.label_map=two', 'network.arguments.classes=2']
    assert main([*same, 'name=two', *two]) == 0
    assert 'new are head.7.weight, head.7.bias, upsampling' in capsys.readouterr().out
    wider = ['name=wider', 'ema_decay=0', 'network.arguments.depth_multiplier=0.15']
    assert main([*same, *wider]) == 0
    assert f'widened from 0.1 and started from {model}' in capsys.readouterr().out
    (row,) = read_metrics(tmp_path / 'runs' / 'wider')
    assert row['validation']['generated_val']['pixel_accuracy'] == pytest.approx(figures[1])
    assert main([*same, 'name=deeper', 'network.arguments.classifier_depth=64']) == 1
    assert 'holds another network: head.3.weight is' in capsys.readouterr().err
