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


def test_two_processes_give_the_weights_of_one(
    tmp_path: Path, write_config: Callable[..., Path]
) -> None:
    config = write_config('two', frames=10, batch_size=4)
    done = subprocess.run(
        [
            sys.executable,
            '-m',
            'torch.distributed.run',
            '--standalone',
            '--nproc-per-node',
            '2',
            '--local-addr',
            '127.0.0.1',
            '-m',
            'roadseg_core.cli',
            'train',
            str(config),
            'name=two',
            LOSSES,
        ],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('3 steps an epoch') == 1, done.stdout

    assert main(['train', str(config), 'name=one', LOSSES]) == 0
    one, two = (tmp_path / 'runs' / name for name in ('one', 'two'))
    expected = load_tensors(one / 'last.safetensors', 'network')
    found = load_tensors(two / 'last.safetensors', 'network')
    assert sum(tensor.numel() for tensor in expected.values()) == 485_817
    for name, tensor in expected.items():
        torch.testing.assert_close(found[name], tensor, rtol=1e-4, atol=2e-5, msg=name)
    for row, other in zip(read_metrics(one), read_metrics(two), strict=True):
        assert row['loss'] == pytest.approx(other['loss'], rel=1e-4)
        assert (
            row['validation']['generated_val']['pixels']
            == (other['validation']['generated_val']['pixels'])
        )
        assert row['validation_loss'] == pytest.approx(other['validation_loss'], rel=1e-4)
