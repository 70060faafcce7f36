"""Networks that take batch norm of pooled features are spared batches of one sample."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from roadseg_core.cli import main
from roadseg_core.training.config import ConfigError, TrainingConfig
from roadseg_core.training.config_file import load_config
from roadseg_core.training.data import samples_needed
from roadseg_core.training.distributed import Processes
from roadseg_core.training.run_folder import read_metrics

CPU, CUDA = torch.device('cpu'), torch.device('cuda')


@pytest.fixture
def configure(write_config: Callable[..., Path]) -> Callable[..., TrainingConfig]:
    """Write and read the configuration of a network of seven classes."""

    def read(network: str, *changes: str) -> TrainingConfig:
        return load_config(
            write_config('seven', frames=3, batch_size=2),
            [f'network={{name: {network}, arguments: {{classes: 7}}}}', *changes],
        )

    return read


@pytest.mark.parametrize(
    ('network', 'needed'),
    [
        ('fast_scnn', 2),
        ('ddrnet_slim', 2),
        ('pidnet_s', 2),
        ('edge_seg_net', 1),
        ('mobilenet_fcn', 1),
    ],
)
def test_only_pooled_batch_norm_needs_two(
    configure: Callable[..., TrainingConfig], network: str, needed: int
) -> None:
    state = torch.get_rng_state()
    config = configure(network, 'data.input_size=[64, 128]')
    assert samples_needed(config, Processes(CPU)) == needed
    assert torch.equal(torch.get_rng_state(), state)


def test_whole_batches_of_one_sample_a_process_are_refused(
    configure: Callable[..., TrainingConfig],
) -> None:
    config = configure('fast_scnn', 'data.input_size=[64, 128]')
    with pytest.raises(ConfigError, match='batch_size 2 over 2 processes.*at least 4'):
        samples_needed(config, Processes(CPU, count=2))
    # There, one norm counts the samples of all processes.
    assert samples_needed(config, Processes(CUDA, count=2)) == 1


def test_an_epoch_with_one_sample_too_many_runs(
    tmp_path: Path, write_config: Callable[..., Path], capsys: pytest.CaptureFixture
) -> None:
    config = str(write_config('seven', frames=3, batch_size=2))
    network = [
        'network={name: fast_scnn, arguments: {classes: 7}}',
        'data.input_size=[64, 128]',
        'epochs=1',
        'ema_decay=0',
    ]
    assert main(['train', config, *network]) == 0
    assert '1 steps an epoch (3 // 2; 1 samples left out each epoch: ' in capsys.readouterr().out
    assert read_metrics(tmp_path / 'runs' / 'tiny')[0]['step'] == 1
    assert main(['train', config, *network, 'name=one', 'batch_size=1']) == 1
    assert 'needs 2 samples a process' in capsys.readouterr().err
    assert main(['train', config, *network, 'name=none', 'batch_size=8', 'drop_last=true']) == 1
    assert 'no whole batch' in capsys.readouterr().err
