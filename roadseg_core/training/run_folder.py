"""Write a run's folder: checkpoints, ``metrics.jsonl`` and the log of TensorBoard."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import nn

from roadseg_core.checkpoint import save_checkpoint
from roadseg_core.files import write_atomically
from roadseg_core.model_file import ModelInfo
from roadseg_core.training.config import TrainingConfig

Start = Literal['new', 'resume', 'overwrite']
LAST, BEST, METRICS = 'last.safetensors', 'best.safetensors', 'metrics.jsonl'


class RunError(ValueError):
    """A folder that cannot take the run; the message says how to go on."""


def refuse_earlier_run(path: Path, start: Start) -> None:
    """
    Refuse a folder that holds a run where a new one starts.

    :raises RunError: if there is one
    """
    if start == 'new' and ((path / METRICS).exists() or (path / LAST).exists()):
        raise RunError(
            f'{path}: there is a run already; give --resume to go on with it, '
            '--overwrite to delete it, or name=ANOTHER'
        )


class RunFolder:
    """
    Write what a run leaves behind.

    :param path: ``<output>/<name>``; TensorBoard on ``<output>`` compares runs
    :param start: ``new`` wants no earlier run there, ``resume`` goes on with one that is there,
        ``overwrite`` deletes it when the new one opens
    :raises RunError: if there is an earlier run
    """

    def __init__(self, path: Path, *, start: Start, config: TrainingConfig) -> None:
        self.path = path
        self._keep = config.checkpoints.keep
        self._tensorboard = config.tensorboard
        refuse_earlier_run(path, start)
        if start == 'resume' and not (path / LAST).exists():
            print(f'{path}: no {LAST} to go on with: a new run')
        self._overwrites = start == 'overwrite'
        self._writer = None
        self._saved_step = 0
        self._saved_at = time.monotonic()

    def open(self, step: int) -> None:
        """Start writing at a step: what a resumed run had written after it goes away."""
        if self._overwrites:
            _delete_run(self.path)
        self.path.mkdir(parents=True, exist_ok=True)
        self._write_rows([row for row in read_metrics(self.path) if row['step'] <= step])
        self._saved_step, self._saved_at = step, time.monotonic()
        if self._tensorboard:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(self.path, purge_step=step + 1 if step else None)

    def is_due(self, seconds: float) -> bool:
        """Tell whether the last checkpoint is this old; never for 0."""
        return 0 < seconds <= time.monotonic() - self._saved_at

    def kept(self, steps: int) -> str:
        """Say what a run that is interrupted after this many steps leaves behind."""
        if not self._saved_step:
            return f'{self.path}: stopped before its first checkpoint; nothing is kept'
        return (
            f'{self.path / LAST}: stopped; kept is everything up to step {self._saved_step} of '
            f'{steps}; give --resume to go on'
        )

    def close(self) -> None:
        """Write out what TensorBoard has not written yet."""
        if self._writer is not None:
            self._writer.close()

    def write_row(self, row: Mapping[str, object]) -> None:
        """Append a line to ``metrics.jsonl``."""
        with (self.path / METRICS).open('a', encoding='utf-8') as file:
            file.write(json.dumps(row) + '\n')

    def _write_rows(self, rows: Sequence[Mapping[str, object]]) -> None:
        """Write ``metrics.jsonl`` anew."""
        with write_atomically(self.path / METRICS) as temporary:
            temporary.write_text(''.join(json.dumps(row) + '\n' for row in rows), encoding='utf-8')

    def write_scalars(self, values: Mapping[str, float | None], step: int) -> None:
        """Show figures in TensorBoard; None and NaN are left out."""
        if self._writer is not None:
            for name, value in values.items():
                if value is not None and value == value:
                    self._writer.add_scalar(name, value, step)

    def show_picture(self, name: str, picture: np.ndarray, step: int) -> None:
        """Show a picture in TensorBoard: uint8 [H, W, 3], BGR."""
        if self._writer is not None:
            self._writer.add_image(name, picture[..., ::-1].copy(), step, dataformats='HWC')

    def write_best(self, network: nn.Module, info: ModelInfo, state: dict[str, object]) -> None:
        """Write the best network so far."""
        save_checkpoint(self.path / BEST, network, info, state)

    def write_last(
        self,
        network: nn.Module,
        info: ModelInfo,
        state: dict[str, object],
        *,
        step: int,
        optimizer: torch.optim.Optimizer,
        average: nn.Module | None,
        within_epoch: bool = False,
    ) -> None:
        """
        Write all that a resume needs, and delete what is older than the last few.

        :param within_epoch: write the last checkpoint only, not one that stays
        """
        path = self.path / (LAST if within_epoch else f'step_{step:08d}.safetensors')
        save_checkpoint(path, network, info, state, optimizer=optimizer, average=average)
        self._saved_step, self._saved_at = step, time.monotonic()
        if within_epoch:
            return
        with write_atomically(self.path / LAST) as temporary:
            try:
                os.link(path, temporary)
            except OSError:  # a file system without hard links
                shutil.copyfile(path, temporary)
        for old in sorted(self.path.glob('step_*.safetensors'))[: -self._keep]:
            old.unlink()


def read_metrics(folder: Path) -> list[dict]:
    """Read a run's ``metrics.jsonl``; empty where there is none. A half last line is left out."""
    path = folder / METRICS
    if not path.exists():
        return []
    rows = []
    for line in path.read_text(encoding='utf-8').splitlines(keepends=True):
        if line.endswith('\n'):
            rows.append(json.loads(line))
    return rows


def _delete_run(path: Path) -> None:
    """Delete what a run wrote, and nothing else."""
    for pattern in (LAST, BEST, METRICS, 'step_*.safetensors', 'events.out.tfevents.*'):
        for file in path.glob(pattern):
            file.unlink()
