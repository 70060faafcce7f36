"""Track the progress of a run, and resume it from a checkpoint."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from roadseg_core.checkpoint import CheckpointError, load_optimizer_state, load_state, load_tensors
from roadseg_core.metrics import Tally
from roadseg_core.training.config import TrainingConfig
from roadseg_core.training.execution import Execution
from roadseg_core.training.optimization import MovingAverage

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
        self,
        config: TrainingConfig,
        execution: Execution,
        tally: Tally,
    ) -> dict[str, object]:
        """Return the state of a checkpoint, plain JSON types."""
        return {
            'progress': asdict(self),
            'execution': execution.to_dict(),
            'tally': {
                'confusion': tally.confusion.counts.tolist(),
                'road': tally.image_view.counts.tolist(),
            },
            'config': config.model_dump(mode='json'),
        }


@dataclass(frozen=True)
class SavedRun:
    """
    Hold the last checkpoint of a run.

    :param execution: how it is computed; None in checkpoints of older versions
    """

    path: Path
    state: dict
    execution: Execution | None

    @classmethod
    def read(cls, path: Path, config: TrainingConfig) -> SavedRun:
        """
        Read what a run goes on with.

        :raises ResumeError: if the run has another configuration
        :raises CheckpointError: if the checkpoint is missing or damaged
        """
        state = load_state(path)
        if not {'config', 'progress'} <= set(state):
            raise CheckpointError(
                f'{path}: no state to resume from; take the last.safetensors of a run'
            )
        changed = _changed(state['config'], config.model_dump(mode='json'))
        if changed:
            raise ResumeError(
                f'{path}: the run began with another {", ".join(changed)}; resume with '
                'the same configuration or give the new run another name'
            )
        execution = state.get('execution')
        return cls(path, state, Execution(**execution) if execution else None)

    def restore(
        self,
        *,
        network: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        average: MovingAverage | None,
        tally: Tally | None,
    ) -> Progress:
        """
        Fill everything and return where the run stands.

        Tensors take the memory layout of those they fill: the same layout gives the same sums.

        :param tally: None where another process goes on with what was counted
        """
        network.load_state_dict(load_tensors(self.path, 'network'))
        if average is not None:
            average.network.load_state_dict(load_tensors(self.path, 'average'))
        weights = [weight for group in optimizer.param_groups for weight in group['params']]
        values = {
            index: {
                name: torch.empty_like(weights[index]).copy_(tensor)
                if tensor.shape == weights[index].shape
                else tensor
                for name, tensor in tensors.items()
            }
            for index, tensors in load_optimizer_state(self.path).items()
        }
        optimizer.load_state_dict(
            {'state': values, 'param_groups': optimizer.state_dict()['param_groups']}
        )
        counts = self.state.get('tally', {})
        if tally is not None and 'confusion' in counts:  # older checkpoints have none
            tally.confusion.counts = np.array(counts['confusion'], np.int64)
            tally.image_view.counts = np.array(counts['road'], np.int64)
        return Progress(**self.state['progress'])


def _changed(then: dict, now: dict) -> list[str]:
    """Return the keys that differ and must not."""
    keys = [key for key in now if key not in (*FREE, 'data') and then.get(key) != now[key]]
    keys += [
        f'data.{key}'
        for key in now['data']
        if key not in FREE_DATA and then['data'].get(key) != now['data'][key]
    ]
    return keys
