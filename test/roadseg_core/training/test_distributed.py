"""Two processes on half of each batch do what one does on the whole of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from roadseg_core.checkpoint import load_tensors
from roadseg_core.cli import main
from roadseg_core.training.run_folder import read_metrics

LOSSES = (
    'loss=[{name: cross_entropy, class_weights: median_frequency}, {name: iou}, {name: lovasz}]'
)
RATE = 0.02


def test_two_processes_give_the_weights_of_one(
    tmp_path: Path, write_config: Callable[..., Path]
) -> None:
    """
    Compare the weights after some steps down the gradient.

    They are sums of the gradients. Adam's would not do: it makes full steps of rounding errors,
    which differ between processors. And clipping would hide a gradient of another size.
    """
    config = write_config('two', frames=10, batch_size=4)
    plain = [LOSSES, 'optimizer.name=sgd', 'optimizer.momentum=0', 'optimizer.clip_norm=0']

    def arguments(name: str, rate: float) -> list[str]:
        return ['train', str(config), f'name={name}', *plain, f'optimizer.learning_rate={rate}']

    done = subprocess.run(
        [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc-per-node', '2']
        + ['--local-addr', '127.0.0.1', '-m', 'roadseg_core.cli', *arguments('two', RATE)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('3 steps per epoch') == 1, done.stdout
    assert main(arguments('one', RATE)) == 0
    # As if the processes had taken the mean of what they should add up.
    assert main(arguments('halved', RATE / 2)) == 0

    runs = {name: tmp_path / 'runs' / name for name in ('one', 'two', 'halved')}
    one, two, halved = (weights(runs[name]) for name in ('one', 'two', 'halved'))
    assert one.numel() == 485_817
    assert (two - one).norm() < 1e-3 * (halved - one).norm()
    for row, other in zip(read_metrics(runs['one']), read_metrics(runs['two']), strict=True):
        assert row['loss'] == pytest.approx(other['loss'], rel=1e-4)
        assert (
            row['validation']['generated_val']['pixels']
            == (other['validation']['generated_val']['pixels'])
        )
        assert row['validation_loss'] == pytest.approx(other['validation_loss'], rel=1e-4)


def weights(run: Path) -> torch.Tensor:
    """Return all weights of a run's last checkpoint, one after another."""
    tensors = load_tensors(run / 'last.safetensors', 'network')
    return torch.cat([tensors[name].flatten().double() for name in sorted(tensors)])
