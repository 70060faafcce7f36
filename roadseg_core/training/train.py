"""
The training program, from configuration to checkpoints.

    roadseg train config/training/mobilenet_fcn.yaml epochs=10 data.root=/data
"""

from __future__ import annotations

import json
import math
import subprocess
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from roadseg_core.data.dataset import open_source
from roadseg_core.data.source import LabelledFrame, data_root
from roadseg_core.geometry import Geometry
from roadseg_core.labels import IGNORE, LABEL_MAPS, TWO, LabelMap
from roadseg_core.metrics import ConfusionMatrix, Scores
from roadseg_core.models import build_network
from roadseg_core.models.preprocessing import normalize
from roadseg_core.models.pretrained import load_stem
from roadseg_core.training.checkpoint import Description, load_checkpoint, save_checkpoint
from roadseg_core.training.config import TrainingConfig
from roadseg_core.training.losses import segmentation_loss
from roadseg_core.training.samples import Batches, TrainingSet


def train(config: TrainingConfig) -> Path:
    """
    Train a network; write ``best.safetensors``, ``last.safetensors``, ``metrics.jsonl``.

    The best checkpoint has the highest mean, over the validation sets, of mIoU, or of road IoU
    where the truth or the label map knows road only.

    :returns: the run's folder, ``<output>/<name>``
    """
    torch.manual_seed(config.seed)
    if config.threads:
        torch.set_num_threads(config.threads)
    cv2.setNumThreads(1)
    label_map = LABEL_MAPS[config.data.label_map]
    geometry = Geometry(config.data.geometry, config.data.input_size)
    root = data_root(config.data.root)
    folder = Path(config.output) / config.name
    folder.mkdir(parents=True, exist_ok=True)

    sources = [open_source(s.name, root=root, split='train', label_map=label_map,
                           frames=s.frames) for s in config.data.train]
    print('reading ' + ', '.join(f'{s.name} ({len(s)} frames)' for s in sources), flush=True)
    samples = TrainingSet(
        sources, repeats=[s.repeat for s in config.data.train],
        size=config.train_size or geometry.input_size,
        augmentation=config.augmentation.build(), seed=config.seed)
    batches = Batches(len(samples), batch_size=config.batch_size, seed=config.seed,
                      drop_last=True)
    loader = DataLoader(samples, batch_sampler=batches, num_workers=config.data.workers,
                        generator=torch.Generator().manual_seed(config.seed))
    validation = {}
    for section in config.data.validation:
        source = open_source(section.name, root=root, split='val', label_map=label_map,
                             frames=section.frames)
        frames = [_to_input(source.load(i), geometry) for i in range(len(source))]
        validation[source.name] = (frames, source.road_only)

    network = build_network(config.network.name, config.network.arguments)
    if config.network.stem_weights:
        load_stem(network.stem, root / config.network.stem_weights)
    if config.init:
        network.load_state_dict(load_checkpoint(config.init).network.state_dict())
    network = network.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), lr=config.optimizer.learning_rate,
                                  weight_decay=config.optimizer.weight_decay)
    steps_per_epoch = len(loader)
    steps = steps_per_epoch * config.epochs
    warmup = max(1, round(config.optimizer.warmup_epochs * steps_per_epoch))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / warmup) * 0.5 * (
            1.0 + math.cos(math.pi * min(1.0, step / steps))))
    print(f'{steps_per_epoch} steps an epoch, {steps} steps in all; '
          f'{sum(p.numel() for p in network.parameters()):,} parameters', flush=True)

    best = -math.inf
    commit = current_commit()
    bf16 = config.precision == 'bf16'
    metrics_path = folder / 'metrics.jsonl'
    metrics_path.unlink(missing_ok=True)
    for epoch in range(config.epochs):
        started = time.monotonic()
        batches.epoch = epoch
        network.train()
        losses = []
        progress = tqdm(loader, desc=f'epoch {epoch + 1}/{config.epochs}', unit='batch',
                        mininterval=5.0, leave=False)
        for frames, labels in progress:
            losses.append(train_step(network, optimizer, normalize(frames), labels,
                                     label_map=label_map, bf16=bf16))
            schedule.step()
            progress.set_postfix(loss=f'{np.mean(losses[-20:]):.4f}')
        record: dict[str, object] = {
            'epoch': epoch + 1, 'step': (epoch + 1) * steps_per_epoch,
            'loss': round(float(np.mean(losses)), 5),
            'seconds': round(time.monotonic() - started, 1)}
        is_last = epoch + 1 == config.epochs
        if is_last or (epoch + 1) % config.validate_every == 0:
            scores = {name: validate(network, frames, label_map=label_map, road_only=road_only,
                                     bf16=bf16)
                      for name, (frames, road_only) in validation.items()}
            score = float(np.mean([
                s.road_iou if validation[name][1] or label_map == TWO else s.miou
                for name, s in scores.items()]))
            record |= {'score': round(score, 5),
                       'validation': {name: s.to_dict() for name, s in scores.items()}}
            description = Description(
                label_map=label_map, geometry=geometry, network_name=config.network.name,
                network_arguments=dict(config.network.arguments), data=config.card.data,
                metrics=record['validation'], licence=config.card.licence,
                card=config.card.card, commit=commit,
                state={'epoch': epoch + 1, 'step': record['step'], 'best': max(best, score),
                       'config': config.model_dump(mode='json')})
            save_checkpoint(folder / 'last.safetensors', network, description,
                            optimizer=optimizer)
            if score > best:
                best = score
                save_checkpoint(folder / 'best.safetensors', network, description)
            print(f'epoch {epoch + 1}: loss {record["loss"]}, ' + ', '.join(
                f'{name} mIoU {s.miou:.3f} road IoU {s.road_iou:.3f}'
                for name, s in scores.items()) + f', {record["seconds"]} s', flush=True)
        with metrics_path.open('a', encoding='utf-8') as file:
            file.write(json.dumps(record) + '\n')
    print(f'best score {best:.4f}: {folder / "best.safetensors"}')
    return folder


def train_step(network: nn.Module, optimizer: torch.optim.Optimizer, images: torch.Tensor,
               labels: torch.Tensor, *, label_map: LabelMap, bf16: bool) -> float:
    """Do one update and return the loss; images float [N, 3, H, W], labels uint8 [N, H, W]."""
    images = images.contiguous(memory_format=torch.channels_last)
    with torch.autocast('cpu', dtype=torch.bfloat16, enabled=bf16):
        scores = network(images)
    loss = segmentation_loss(scores, labels, label_map=label_map)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    return loss.item()


@torch.inference_mode()
def validate(network: nn.Module, frames: list[LabelledFrame], *, label_map: LabelMap,
             road_only: bool, bf16: bool) -> Scores:
    """
    Compare a network with the truth of frames of the network's size.

    :param road_only: the truth is road or not road: compare in the label map ``two``
    """
    network.eval()
    matrix = ConfusionMatrix(TWO if road_only else label_map)
    for frame in frames:
        images = normalize(torch.from_numpy(frame.image[None]))
        with torch.autocast('cpu', dtype=torch.bfloat16, enabled=bf16):
            scores = network(images.contiguous(memory_format=torch.channels_last))[0]
        labels = (scores[0] > 0) if len(scores) == 1 else scores.argmax(0)
        prediction = labels.to(torch.uint8).numpy()
        if road_only:
            matrix.update(road_truth(frame.labels, label_map),
                          np.isin(prediction, label_map.road_ids).astype(np.uint8))
        else:
            matrix.update(frame.labels, prediction)
    return matrix.scores()


def road_truth(labels: np.ndarray, label_map: LabelMap) -> np.ndarray:
    """Map labels of any kind to the ids of the label map ``two``, keeping IGNORE."""
    truth = np.isin(labels, label_map.road_ids).astype(np.uint8)
    truth[labels == IGNORE] = IGNORE
    return truth


def current_commit() -> str:
    """Return the commit of the working directory, 'unknown' outside a repository."""
    try:
        done = subprocess.run(['git', 'rev-parse', 'HEAD'], capture_output=True, text=True,
                              check=True)
    except (OSError, subprocess.CalledProcessError):
        return 'unknown'
    return done.stdout.strip()


def _to_input(frame: LabelledFrame, geometry: Geometry) -> LabelledFrame:
    """Bring a frame and its truth to the network's size."""
    size = geometry.input_size
    return LabelledFrame(
        frame.name, geometry.view(frame.labels.shape).forward(frame.image),
        cv2.resize(frame.labels, (size[1], size[0]), interpolation=cv2.INTER_NEAREST_EXACT))
