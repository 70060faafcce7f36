"""Tests of how a network is computed in training, and of the trial that chooses it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from roadseg_core.checkpoint import load_state
from roadseg_core.cli import main
from roadseg_core.models import build_network
from roadseg_core.training.config_file import load_config
from roadseg_core.training.distributed import Processes
from roadseg_core.training.execution import Execution, choose_execution

CPU = torch.device('cpu')


def test_precisions_of_a_processor() -> None:
    layer, values = torch.nn.Linear(2, 2), torch.ones(1, 2)
    for name, kind in (('fp32', torch.float32), ('bf16', torch.bfloat16)):
        execution = Execution(name)
        with execution.forward(CPU):
            assert layer(values).dtype == kind


class SlowIn:
    """Compute a loss that takes long unless the network ran in one precision."""

    def __init__(self, fast: torch.dtype) -> None:
        self._fast = fast

    def __call__(self, scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        if scores.dtype != self._fast:
            for _ in range(200):
                torch.ones(256, 256) @ torch.ones(256, 256)
        return scores.float().square().mean()


@pytest.mark.parametrize(('fast', 'name'), [(torch.float32, 'fp32'), (torch.bfloat16, 'bf16')])
def test_a_trial_takes_the_fastest_and_leaves_the_network_as_it_is(
    write_config: Callable[..., Path], fast: torch.dtype, name: str
) -> None:
    config = load_config(write_config('seven', frames=4, batch_size=2), ['precision=auto'])
    network = build_network(config.network.name, config.network.arguments)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    state = torch.get_rng_state()
    chosen, why = choose_execution(config, network, loss=SlowIn(fast), processes=Processes(CPU))
    assert chosen.precision == name and 'images/s in a trial; ' in why
    assert 'fp32, contiguous' in why or 'bf16, contiguous' in why
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(before[key], value) for key, value in network.state_dict().items())


def test_a_resumed_run_keeps_what_the_trial_found(
    tmp_path: Path, write_config: Callable[..., Path], capsys: pytest.CaptureFixture
) -> None:
    config = str(write_config('two', frames=4, batch_size=2))
    assert main(['train', config, 'precision=auto', 'epochs=1']) == 0
    last = tmp_path / 'runs' / 'tiny' / 'last.safetensors'
    chosen = load_state(last)['execution']
    capsys.readouterr()
    assert main(['train', config, 'precision=auto', 'epochs=2', '--resume']) == 0
    assert f'{Execution(**chosen)}: as the run began' in capsys.readouterr().out
    assert load_state(last)['execution'] == chosen
