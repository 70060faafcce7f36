"""Where a run stands: what a resume needs, and how it goes on from a checkpoint."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from roadseg_core.checkpoint import CheckpointError, load_optimizer_state, load_state, load_tensors
from roadseg_core.training.config import TrainingConfig
from roadseg_core.training.ema import MovingAverage
from roadseg_core.training.precision import Precision
from roadseg_core.training.tally import Tally

FREE = (
    'output',
    'epochs',
    'patience',
    'checkpoints',
    'threads',
    'device',
    'tensorboard',
    'pictures',
    'card',
)
"""What may change in a resume; the length of the run, too, though the schedule depends on it."""

FREE_DATA = ('root', 'workers', 'in_memory')
"""The same, of the section ``data``."""


class ResumeError(ValueError):
    """A run that cannot go on; the message names what does not fit."""


@dataclass
class Progress:
    """
    Count what a run has done.

    :param step: updates done
    :param best: the best score so far, None before the first that is a number
    :param since_best: validations since then
    :param loss_sum: sum of the losses of the current epoch
    :param seconds: time spent in steps of the current epoch
    :param waited: of it, time spent waiting for data
    """

    step: int = 0
    best: float | None = None
    since_best: int = 0
    loss_sum: float = 0.0
    seconds: float = 0.0
    waited: float = 0.0

    def count(self, loss: float, *, seconds: float, waited: float) -> None:
        """Note an update and the time it took."""
        self.step += 1
        self.loss_sum += loss
        self.seconds += seconds
        self.waited += waited

    def take_score(self, score: float) -> bool:
        """Note a validation's score; tell whether it is the best one, which NaN never is."""
        if math.isfinite(score) and (self.best is None or score > self.best):
            self.best, self.since_best = score, 0
            return True
        self.since_best += 1
        return False

    def start_epoch(self) -> None:
        """Forget the sums of the last epoch."""
        self.loss_sum = self.seconds = self.waited = 0.0

    def state(
        self, config: TrainingConfig, precision: Precision, tally: Tally
    ) -> dict[str, object]:
        """Return the state of a checkpoint, plain JSON types."""
        return {
            'progress': asdict(self),
            'scaler': precision.scaler.state_dict(),
            'tally': tally.state(),
            'config': config.model_dump(mode='json'),
        }


def resume(
    path: Path,
    config: TrainingConfig,
    *,
    network: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    average: MovingAverage | None,
    precision: Precision,
    tally: Tally | None,
) -> Progress:
    """
    Fill everything from a run's last checkpoint and return where it stands.

    Tensors take the memory layout of those they fill: the same layout gives the same sums.

    :param tally: None where another process goes on with what was counted
    :raises ResumeError: if the run has another configuration
    :raises CheckpointError: if the checkpoint is missing or damaged
    """
    state = load_state(path)
    try:
        then, progress = state['config'], Progress(**state['progress'])
    except (KeyError, TypeError) as error:
        raise CheckpointError(
            f'{path}: no state to resume from: {error}; take the last.safetensors of a run'
        ) from error
    changed = _changed(then, config.model_dump(mode='json'))
    if changed:
        raise ResumeError(
            f'{path}: the run began with another {", ".join(changed)}; resume with '
            'the same configuration or give the new run another name'
        )
    network.load_state_dict(load_tensors(path, 'network'))
    if average is not None:
        average.network.load_state_dict(load_tensors(path, 'average'))
    weights = [weight for group in optimizer.param_groups for weight in group['params']]
    values = {
        index: {
            name: torch.empty_like(weights[index]).copy_(tensor)
            if tensor.shape == weights[index].shape
            else tensor
            for name, tensor in tensors.items()
        }
        for index, tensors in load_optimizer_state(path).items()
    }
    optimizer.load_state_dict(
        {'state': values, 'param_groups': optimizer.state_dict()['param_groups']}
    )
    precision.scaler.load_state_dict(state['scaler'])
    if tally is not None and 'tally' in state:  # checkpoints of older versions have none
        tally.load_state(state['tally'])
    return progress


def _changed(then: dict, now: dict) -> list[str]:
    """Return the keys that differ and must not."""
    keys = [key for key in now if key not in (*FREE, 'data') and then.get(key) != now[key]]
    keys += [
        f'data.{key}'
        for key in now['data']
        if key not in FREE_DATA and then['data'].get(key) != now['data'][key]
    ]
    return keys
