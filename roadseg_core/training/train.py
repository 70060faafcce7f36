"""
The training program: one loop over epochs, from configuration to checkpoints.

    roadseg train config/training/mobilenet_fcn_0.5.yaml epochs=10 data.root=/data
    roadseg train config/training/mobilenet_fcn_0.5.yaml epochs=10 data.root=/data --resume
    torchrun --nproc-per-node 2 -m roadseg_core.cli train config/training/unet_8.yaml
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from threading import Event

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from roadseg_core.data.label_sets import find_label_map
from roadseg_core.model_file import ModelInfo
from roadseg_core.models.auxiliary import split_output
from roadseg_core.models.preprocessing import normalize
from roadseg_core.training import epoch_row, pictures
from roadseg_core.training.class_weights import class_weights
from roadseg_core.training.config import TrainingConfig
from roadseg_core.training.data import geometry_of, open_training_data
from roadseg_core.training.distributed import Processes, open_processes
from roadseg_core.training.execution import choose_execution
from roadseg_core.training.interruption import noted_interrupts
from roadseg_core.training.losses import segmentation_loss
from roadseg_core.training.optimization import MovingAverage, build_optimizer, rate_factor
from roadseg_core.training.progress import Progress, SavedRun
from roadseg_core.training.run_folder import LAST, RunFolder, Start
from roadseg_core.training.start import current_commit, first_network, fix_chance
from roadseg_core.training.validation import (
    new_tally,
    predict,
    read_scores,
    total_tally,
    validate,
)

STRIDE = 4
"""Training figures count this fraction of rows and columns: all would take time for nothing."""


def train(config: TrainingConfig, *, start: Start = 'new') -> Path:
    """
    Train a network; write ``best.safetensors``, ``last.safetensors``, ``metrics.jsonl``.

    The best checkpoint has the highest mean, over the validation sets, of mIoU, or of road IoU
    where the truth or the label map knows road only; or the lowest mean loss.

    :param start: ``resume`` goes on with the run of that name, if there is one; ``overwrite``
        deletes it when data, weights and configuration have been read
    :returns: the run's folder, ``<output>/<name>``
    """
    path = Path(config.output) / config.name
    with open_processes(config.device) as processes:
        folder = RunFolder(path, start=start, config=config) if processes.is_first else None
        saved = None
        if start == 'resume' and (path / LAST).exists():
            saved = SavedRun.read(path / LAST, config)
        run = Run(config, processes, folder, saved)
        try:
            run.train()
        except KeyboardInterrupt:
            if folder:
                print(folder.kept(run.steps))
            raise
        if folder:
            print(epoch_row.final_summary(run.progress, best=config.checkpoints.best, folder=path))
    return path


class Run:
    """
    Hold the parts of a training run, and run it.

    :param folder: where to write; None in all processes but the first
    :param saved: what to go on with; None for a new run
    """

    def __init__(
        self,
        config: TrainingConfig,
        processes: Processes,
        folder: RunFolder | None,
        saved: SavedRun | None,
    ) -> None:
        fix_chance(config, processes.device)
        self.config, self.processes, self.folder = config, processes, folder
        self.label_map = find_label_map(config.data.label_map)
        self.data = open_training_data(config, label_map=self.label_map, processes=processes)
        self.steps_per_epoch = self.data.batches.steps_per_epoch
        self.steps = self.steps_per_epoch * config.epochs
        self.network = first_network(
            config, self.label_map, self.data.samples, processes.device, weights=saved is None
        )
        weights = class_weights(
            config, self.data.samples.labels(), self.label_map, device=processes.device
        )
        self.loss = partial(
            segmentation_loss, label_map=self.label_map, terms=config.loss, class_weights=weights
        )
        if saved and saved.execution:
            self.execution, self._why = saved.execution, 'as the run began'
        else:
            self.execution, self._why = choose_execution(
                config, self.network, loss=self.loss, processes=processes
            )
        self.execution.prepare(self.network)
        self.average = MovingAverage(self.network, config.ema_decay) if config.ema_decay else None
        self.optimizer = build_optimizer(self.network, config.optimizer)
        self.tally = new_tally(self.label_map, road_only=self.data.road_only)
        self.progress = Progress()
        if saved:
            self.progress = saved.restore(
                network=self.network,
                average=self.average,
                optimizer=self.optimizer,
                tally=self.tally if processes.is_first else None,
            )
        self._spread = processes.spread(self.network)
        self._commit = current_commit()

    def train(self) -> None:
        """Train from where the run stands to its end."""
        progress = self.progress
        if self.folder:
            self.folder.open(progress.step)
        self._announce()
        with (
            noted_interrupts(active=self.processes.count == 1) as interrupted,
            tqdm(
                total=self.steps,
                initial=progress.step,
                unit='step',
                mininterval=2.0,
                disable=not self.folder,
            ) as bar,
        ):
            while progress.step < self.steps and not self._stops():
                self._train_epoch(bar, interrupted)
                if progress.step % self.steps_per_epoch == 0:
                    self._end_epoch(bar)
                if interrupted.is_set() and progress.step < self.steps:
                    raise KeyboardInterrupt
        if progress.best is None and not progress.since_best:
            # Resumed for no epoch more, before its first validation.
            row: dict = {}
            self._validate_all(row)
            if self.folder:
                self._save(row)
        if self.folder:
            self.folder.close()

    def _train_epoch(self, bar: tqdm, interrupted: Event) -> None:
        """Do the rest of an epoch's updates, or those until Ctrl-C, with checkpoints between."""
        progress, folder = self.progress, self.folder
        epoch, first_step = divmod(progress.step, self.steps_per_epoch)
        if not first_step:
            progress.start_epoch()
            self.tally = new_tally(self.label_map, road_only=self.data.road_only)
        bar.set_description(f'epoch {epoch + 1}/{self.config.epochs}')
        batches = self.data.epoch(epoch, first_step=first_step)
        for step_in_epoch in range(first_step, self.steps_per_epoch):
            began = time.monotonic()
            frames, labels = next(batches)
            waited = time.monotonic() - began
            if folder and not step_in_epoch:
                shown = slice(self.config.pictures or 1)
                picture = pictures.draw_samples(
                    frames[shown].numpy(), labels[shown].numpy(), self.label_map
                )
                folder.show_picture('samples', picture, progress.step)
            rate = self.learning_rate(progress.step)
            loss = self.train_step(frames, labels, step=progress.step)
            progress.count(loss, seconds=time.monotonic() - began, waited=waited)
            bar.update()
            bar.set_postfix(loss=f'{loss:.4f}', refresh=False)
            if folder:
                folder.write_scalars({'loss/step': loss, 'learning_rate': rate}, progress.step)
                due = folder.is_due(60.0 * self.config.checkpoints.every_minutes)
                if (due or interrupted.is_set()) and progress.step % self.steps_per_epoch:
                    self._save({}, within_epoch=True)
            if interrupted.is_set():
                return

    def train_step(self, frames: Tensor, labels: Tensor, *, step: int) -> float:
        """
        Do one update and return the loss.

        Random numbers of the network (dropout) depend on the seed, the step and the process
        only: a resumed run draws those it would have drawn.

        :param frames: uint8 [N, H, W, 3], BGR
        :param labels: uint8 [N, H, W]
        :param step: the update's number, from 0
        """
        config, processes = self.config, self.processes
        torch.manual_seed((config.seed * 1_000_003 + step) * 1_009 + processes.rank)
        self.network.train()
        images = normalize(frames.to(processes.device, non_blocking=True))
        labels = labels.to(processes.device, non_blocking=True)
        with self.execution.forward(processes.device):
            scores, auxiliary = split_output(self._spread(self.execution.place(images)))
        total = processes.differentiable_total
        loss = self.loss(scores, labels, total=total)
        for extra in auxiliary:
            loss = loss + config.auxiliary_weight * self.loss(extra, labels, total=total)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        for group in self.optimizer.param_groups:
            group['lr'] = self.learning_rate(step)
        if config.optimizer.clip_norm:
            nn.utils.clip_grad_norm_(self.network.parameters(), config.optimizer.clip_norm)
        self.optimizer.step()
        if self.average is not None:
            self.average.update(self.network, step)
        some = (..., slice(None, None, STRIDE), slice(None, None, STRIDE))
        self.tally.count(
            labels[some].cpu().numpy(), *read_scores(scores.detach()[some], self.label_map)
        )
        return loss.item()

    def learning_rate(self, step: int) -> float:
        """Return the learning rate of an update."""
        factor = rate_factor(
            self.config.schedule, step=step, steps=self.steps, steps_per_epoch=self.steps_per_epoch
        )
        return self.config.optimizer.learning_rate * factor

    def _end_epoch(self, bar: tqdm) -> None:
        """Validate, write figures and checkpoints."""
        config, progress, folder = self.config, self.progress, self.folder
        epoch = progress.step // self.steps_per_epoch
        row = epoch_row.training_row(
            progress,
            epoch=epoch,
            steps=self.steps_per_epoch,
            batch_size=config.batch_size,
            learning_rate=self.learning_rate(progress.step - 1),
            tally=total_tally(self.tally, self.processes),
        )
        validated = epoch == config.epochs or epoch % config.validate_every == 0
        if validated:
            self._validate_all(row)
        if folder:
            folder.write_row(row)
            folder.write_scalars(epoch_row.scalars(row), progress.step)
            if validated and config.pictures:
                self._write_pictures(folder)
            self._save(row)
            bar.write(epoch_row.summary(row))

    def _validate_all(self, row: dict) -> None:
        """Validate on all sets, add the figures to a row, keep the network if it is the best."""
        figures = {
            data.name: validate(
                self.best_network,
                data,
                label_map=self.label_map,
                loss=self.loss,
                execution=self.execution,
                processes=self.processes,
            )
            for data in self.data.validation
        }
        loss = float(np.mean([f.loss for f in figures.values()]))
        miou = float(np.mean([f.score for f in figures.values()]))
        best = miou if self.config.checkpoints.best == 'miou' else -loss
        is_best = self.progress.take_score(best)
        row |= {
            'validation_loss': round(loss, 6),
            'score': round(miou, 5),
            'validation': {name: f.to_dict() for name, f in figures.items()},
        }
        if self.folder and is_best:
            self.folder.write_best(self.best_network, *self._describe(row))

    def _stops(self) -> bool:
        """Tell whether to stop early."""
        return 0 < self.config.patience <= self.progress.since_best

    @property
    def best_network(self) -> nn.Module:
        """Return the network that is validated and kept: the moving average, if there is one."""
        return self.average.network if self.average else self.network

    def _write_pictures(self, folder: RunFolder) -> None:
        """Show some frames of each validation set, always the same ones."""
        for data in self.data.validation:
            results = [
                predict(
                    self.best_network,
                    frame,
                    label_map=self.label_map,
                    execution=self.execution,
                    device=self.processes.device,
                )[0]
                for frame in data.frames[:: -(-len(data.frames) // self.config.pictures)]
            ]
            folder.show_picture(
                f'{data.name}: {", ".join(pictures.COLUMNS)}',
                pictures.draw_results(results, self.label_map),
                self.progress.step,
            )

    def _save(self, row: dict, *, within_epoch: bool = False) -> None:
        self.folder.write_last(
            self.network,
            *self._describe(row),
            step=self.progress.step,
            optimizer=self.optimizer,
            average=self.average.network if self.average else None,
            within_epoch=within_epoch,
        )

    def _describe(self, row: dict) -> tuple[ModelInfo, dict[str, object]]:
        """Return what a checkpoint says about its network, and what a resume needs."""
        config = self.config
        info = ModelInfo(
            path=self.folder.path,
            label_map=self.label_map,
            geometry=geometry_of(config),
            network=config.network.name,
            network_arguments=dict(config.network.arguments),
            data=config.card.data,
            metrics=row.get('validation', {}),
            licence=config.card.licence,
            card=config.card.card,
            commit=self._commit,
        )
        return info, self.progress.state(config, self.execution, self.tally)

    def _announce(self) -> None:
        """Say what is trained on what, and how long."""
        if not self.folder:
            return
        weights = sum(weight.numel() for weight in self.network.parameters())
        after = f', going on after {self.progress.step}' if self.progress.step else ''
        print(
            f'{self.data.description}; {weights:,} parameters; '
            f'{self.processes.count} x {self.processes.device}\n'
            f'{self.execution}: {self._why}\n'
            f'{self.steps_per_epoch} steps per epoch ({self._quotient()}), '
            f'{self.steps} steps in all{after}',
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
