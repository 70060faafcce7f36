"""
The training program, from configuration to checkpoints.

    roadseg train config/training/mobilenet_fcn.yaml epochs=10 data.root=/data
    roadseg train config/training/mobilenet_fcn.yaml epochs=10 data.root=/data --resume
    torchrun --nproc-per-node 2 -m roadseg_core.cli train config/training/unet.yaml
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
from torch import nn
from tqdm import tqdm

from roadseg_core.checkpoint import Description
from roadseg_core.data.label_sets import find_label_map
from roadseg_core.geometry import Geometry
from roadseg_core.training.config import TrainingConfig
from roadseg_core.training.data import TrainingData, class_weights, find_root, open_data
from roadseg_core.training.distributed import Processes, open_processes
from roadseg_core.training.ema import MovingAverage
from roadseg_core.training.epoch_row import final_summary, scalars, summary, training_row
from roadseg_core.training.losses import segmentation_loss
from roadseg_core.training.optimizers import build_optimizer
from roadseg_core.training.pictures import COLUMNS, draw_results, draw_samples
from roadseg_core.training.precision import Precision
from roadseg_core.training.progress import Progress, resume
from roadseg_core.training.run_folder import LAST, RunFolder
from roadseg_core.training.start import current_commit, first_network, fix_chance
from roadseg_core.training.tally import Tally
from roadseg_core.training.update import Updates
from roadseg_core.training.validation import Figures, ValidationSet, predict, validate

Start = Literal['new', 'resume', 'overwrite']


def train(config: TrainingConfig, *, start: Start = 'new') -> Path:
    """
    Train a network; write ``best.safetensors``, ``last.safetensors``, ``metrics.jsonl``.

    The best checkpoint has the highest mean, over the validation sets, of mIoU, or of road IoU
    where the truth or the label map knows road only; or the lowest mean loss.

    :param start: ``resume`` goes on with the run of that name, ``overwrite`` deletes it when
        data, weights and configuration have been read
    :returns: the run's folder, ``<output>/<name>``
    """
    path = Path(config.output) / config.name
    with open_processes(config.device) as processes:
        folder = (
            RunFolder(
                path, start=start, keep=config.checkpoints.keep, tensorboard=config.tensorboard
            )
            if processes.is_first
            else None
        )
        run = Run(config, processes)
        progress = Progress()
        if start == 'resume':
            progress = resume(
                path / LAST,
                config,
                network=run.network,
                average=run.average,
                optimizer=run.optimizer,
                precision=run.precision,
                tally=run.tally if processes.is_first else None,
            )
        run.train(folder, progress)
        if folder:
            print(final_summary(progress, best=config.checkpoints.best, folder=path))
    return path


class Run:
    """Hold the parts of a training run."""

    def __init__(self, config: TrainingConfig, processes: Processes) -> None:
        fix_chance(config, processes.device)
        self.config = config
        self.processes = processes
        self.label_map = find_label_map(config.data.label_map)
        self.geometry = Geometry(config.data.geometry, config.data.input_size)
        self.data: TrainingData = open_data(
            config, label_map=self.label_map, geometry=self.geometry, processes=processes
        )
        self.steps_per_epoch = self.data.batches.steps_per_epoch
        self.steps = self.steps_per_epoch * config.epochs
        self.network = first_network(config, find_root(config), self.label_map, processes.device)
        self.average = MovingAverage(self.network, config.ema_decay) if config.ema_decay else None
        self.optimizer = build_optimizer(self.network, config.optimizer)
        self.precision = Precision(config.precision, processes.device)
        self.loss = partial(
            segmentation_loss,
            label_map=self.label_map,
            terms=config.loss,
            class_weights=class_weights(
                config, self.data.samples, self.label_map, device=processes.device
            ),
        )
        self.tally = Tally(self.label_map, road_only=self.data.road_only)
        self._commit = current_commit()

    def updates(self) -> Updates:
        """Return what does the updates."""
        return Updates(
            self.network,
            optimizer=self.optimizer,
            config=self.config,
            precision=self.precision,
            loss=partial(self.loss, total=self.processes.differentiable_total),
            label_map=self.label_map,
            processes=self.processes,
            average=self.average,
            tally=self.tally,
            steps_per_epoch=self.steps_per_epoch,
            steps=self.steps,
        )

    def train(self, folder: RunFolder | None, progress: Progress) -> None:
        """
        Train from where the run stands to its end.

        :param folder: where to write; None in all processes but the first
        """
        if folder:
            folder.open(progress.step)
        self._announce(progress)
        updates = self.updates()
        with tqdm(
            total=self.steps,
            initial=progress.step,
            unit='step',
            mininterval=2.0,
            disable=not folder,
        ) as bar:
            while progress.step < self.steps and not self._stops(progress):
                if progress.step % self.steps_per_epoch == 0:
                    progress.start_epoch()
                    self.tally.clear()
                self._train_epoch(updates, progress, folder, bar)
                self._end_epoch(updates, progress, folder, bar)
        if progress.best is None and not progress.since_best:
            self._validate_at_the_end(progress, folder)
        if folder:
            folder.close()

    def _train_epoch(
        self, updates: Updates, progress: Progress, folder: RunFolder | None, bar: tqdm
    ) -> None:
        """Do the rest of an epoch's updates, with checkpoints in between."""
        epoch, first_step = divmod(progress.step, self.steps_per_epoch)
        bar.set_description(f'epoch {epoch + 1}/{self.config.epochs}')
        batches = self.data.epoch(epoch, first_step=first_step)
        every = self.config.checkpoints.every_steps
        for _ in range(first_step, self.steps_per_epoch):
            began = time.monotonic()
            frames, labels = next(batches)
            waited = time.monotonic() - began
            if progress.step % self.steps_per_epoch == 0 and folder:
                shown = slice(self.config.pictures or 1)
                folder.write_picture(
                    'samples',
                    draw_samples(frames[shown].numpy(), labels[shown].numpy(), self.label_map),
                    progress.step,
                )
            loss = updates.train_step(frames, labels, step=progress.step)
            progress.count(loss, seconds=time.monotonic() - began, waited=waited)
            bar.update()
            bar.set_postfix(loss=f'{loss:.4f}', refresh=False)
            if folder:
                folder.write_scalars(
                    {'loss/step': loss, 'learning_rate': updates.learning_rate(progress.step - 1)},
                    progress.step,
                )
                if every and progress.step % every == 0 and progress.step % self.steps_per_epoch:
                    self._save_last(folder, progress, {})

    def _end_epoch(
        self, updates: Updates, progress: Progress, folder: RunFolder | None, bar: tqdm
    ) -> None:
        """Validate, write figures and checkpoints."""
        config = self.config
        epoch = progress.step // self.steps_per_epoch
        row = training_row(
            progress,
            epoch=epoch,
            steps=self.steps_per_epoch,
            batch_size=config.batch_size,
            learning_rate=updates.learning_rate(progress.step - 1),
            figures=self.tally.totals(self.processes).figures(),
        )
        figures = {}
        if epoch == config.epochs or epoch % config.validate_every == 0:
            figures = self._validate_all(progress, folder, row)
        if folder:
            folder.write_row(row)
            folder.write_scalars(scalars(row), progress.step)
            if figures:
                self._write_pictures(folder, progress.step)
            self._save_last(folder, progress, row)
            bar.write(summary(row))

    def _validate_at_the_end(self, progress: Progress, folder: RunFolder | None) -> None:
        """Validate a run that ends without: resumed for no epoch more, before its first."""
        row = (folder.last_row(progress.step) if folder else None) or {}
        self._validate_all(progress, folder, row)
        if folder:
            folder.replace_row(row, progress.step)
            self._save_last(folder, progress, row)

    def _validate_all(
        self, progress: Progress, folder: RunFolder | None, row: dict
    ) -> dict[str, Figures]:
        """Validate on all sets, add the figures to a row, keep the network if it is the best."""
        figures = {data.name: self.validate(data) for data in self.data.validation}
        loss = float(np.mean([f.loss for f in figures.values()]))
        miou = float(np.mean([f.score for f in figures.values()]))
        is_best = progress.take_score(miou if self.config.checkpoints.best == 'miou' else -loss)
        row |= {
            'validation_loss': round(loss, 6),
            'score': round(miou, 5),
            'validation': {name: f.to_dict() for name, f in figures.items()},
        }
        if folder and is_best:
            folder.write_best(self.best_network, self._describe(progress, row))
        return figures

    def _stops(self, progress: Progress) -> bool:
        """Tell whether to stop early."""
        return 0 < self.config.patience <= progress.since_best

    @property
    def best_network(self) -> nn.Module:
        """Return the network that is validated and kept: the moving average, if there is one."""
        return self.average.network if self.average else self.network

    def validate(self, data: ValidationSet) -> Figures:
        """Compare the network with the truth of a data set."""
        return validate(
            self.best_network,
            data,
            label_map=self.label_map,
            loss=self.loss,
            precision=self.precision,
            processes=self.processes,
        )

    def _write_pictures(self, folder: RunFolder, step: int) -> None:
        """Show some frames of each validation set, always the same ones."""
        for data in self.data.validation:
            results = [
                predict(
                    self.best_network,
                    frame,
                    label_map=self.label_map,
                    precision=self.precision,
                    device=self.processes.device,
                )[0]
                for frame in data.frames[:: -(-len(data.frames) // max(1, self.config.pictures))]
            ]
            if self.config.pictures:
                folder.write_picture(
                    f'{data.name}: {", ".join(COLUMNS)}',
                    draw_results(results, self.label_map),
                    step,
                )

    def _save_last(self, folder: RunFolder, progress: Progress, row: dict) -> None:
        folder.write_last(
            self.network,
            self._describe(progress, row),
            step=progress.step,
            optimizer=self.optimizer,
            average=self.average.network if self.average else None,
        )

    def _describe(self, progress: Progress, row: dict) -> Description:
        config = self.config
        return Description(
            label_map=self.label_map,
            geometry=self.geometry,
            network_name=config.network.name,
            network_arguments=dict(config.network.arguments),
            data=config.card.data,
            metrics=row.get('validation', {}),
            licence=config.card.licence,
            card=config.card.card,
            commit=self._commit,
            state=progress.state(config, self.precision, self.tally),
        )

    def _announce(self, progress: Progress) -> None:
        if not self.processes.is_first:
            return
        weights = sum(weight.numel() for weight in self.network.parameters())
        print(
            f'{self.data.description}; {weights:,} parameters; {self.precision} on '
            f'{self.processes.count} x {self.processes.device}\n'
            f'{self.steps_per_epoch} steps an epoch ({self._quotient()}), '
            f'{self.steps} steps in all'
            + (f', going on after {progress.step}' if progress.step else ''),
            flush=True,
        )

    def _quotient(self) -> str:
        """Say what the steps of an epoch are made of."""
        samples, batch_size = len(self.data.samples), self.config.batch_size
        left_out = self.data.batches.left_out
        if not left_out:
            return f'ceil({samples} / {batch_size})'
        why = 'drop_last' if self.config.drop_last else 'too few for a batch of their own'
        return f'{samples} // {batch_size}; {left_out} samples left out each epoch: {why}'
