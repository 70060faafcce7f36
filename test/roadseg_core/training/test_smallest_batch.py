"""Networks with batch norm are spared last batches of one sample."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from roadseg_core.cli import main
from roadseg_core.training.config_file import load_config
from roadseg_core.training.data import fewest_samples
from roadseg_core.training.distributed import Processes
from roadseg_core.training.run_folder import read_metrics


@pytest.mark.parametrize(
    ('network', 'batch_size', 'processes', 'needed'),
    [('fast_scnn', 8, 1, 2), ('fast_scnn', 8, 4, 2), ('mobilenet_fcn', 1, 1, 1), ('unet', 8, 1, 1)],
)
def test_batch_norm_takes_two_samples_where_batches_have_them(
    write_config: Callable[..., Path], network: str, batch_size: int, processes: int, needed: int
) -> None:
    config = load_config(
        write_config('seven', frames=3, batch_size=batch_size),
        [f'network={{name: {network}, arguments: {{}}}}'],
    )
    state = torch.get_rng_state()
    assert fewest_samples(config, Processes(torch.device('cpu'), count=processes)) == needed
    assert torch.equal(torch.get_rng_state(), state)


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
    assert '1 steps per epoch (3 // 2; 1 samples left out each epoch: ' in capsys.readouterr().out
    assert read_metrics(tmp_path / 'runs' / 'tiny')[0]['step'] == 1
    assert main(['train', config, *network, 'name=none', 'batch_size=8', 'drop_last=true']) == 1
    assert 'no whole batch' in capsys.readouterr().err
