"""Validation: the loss and the figures of a network on held-out frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from roadseg_core.data.source import FrameSource, LabelledFrame
from roadseg_core.geometry import Geometry
from roadseg_core.labels import IGNORE, TWO, LabelMap
from roadseg_core.metrics import ConfusionMatrix, RoadHistogram, RoadScores, Scores
from roadseg_core.models.preprocessing import normalize
from roadseg_core.training.distributed import Processes
from roadseg_core.training.pictures import Result
from roadseg_core.training.precision import Precision


@dataclass(frozen=True)
class ValidationSet:
    """
    Hold frames of the network's size.

    :param road_only: truth is road or not road: compared in the label map ``two``
    """

    name: str
    frames: Sequence[LabelledFrame]
    road_only: bool


@dataclass(frozen=True)
class Figures:
    """Hold what a validation found; ``road`` ranks pixels by their road probability."""

    scores: Scores
    road: RoadScores
    loss: float
    road_only: bool

    @property
    def score(self) -> float:
        """Return what training tries to raise: mIoU, or IoU where only the road is known."""
        return self.scores.road_iou if self.road_only else self.scores.miou

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON types."""
        road = self.road.to_dict()
        return {**self.scores.to_dict(), 'auc': road['auc'], 'max_f': road['max_f'],
                'loss': round(self.loss, 6)}


def read_validation_set(source: FrameSource, geometry: Geometry) -> ValidationSet:
    """Read a data set's frames and bring them, with their truth, to the network's size."""
    height, width = geometry.input_size
    frames = []
    for index in range(len(source)):
        frame = source.load(index)
        frames.append(LabelledFrame(
            frame.name, geometry.view(frame.labels.shape).forward(frame.image),
            cv2.resize(frame.labels, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)))
    return ValidationSet(source.name, frames, source.road_only)


def validate(network: nn.Module, data: ValidationSet, *, label_map: LabelMap,
             loss: Callable[[Tensor, Tensor], Tensor], precision: Precision,
             processes: Processes) -> Figures:
    """
    Compare a network with the truth of a data set, each process a share of the frames.

    :param loss: maps scores and labels (uint8 [1, H, W]) to a scalar
    """
    road_only = data.road_only or label_map == TWO
    matrix = ConfusionMatrix(TWO if road_only else label_map)
    histogram = RoadHistogram()
    losses = []
    for frame in data.frames[processes.rank::processes.count]:
        result, scores = predict(network, frame, label_map=label_map, precision=precision,
                                 device=processes.device)
        losses.append(float(loss(
            scores, torch.from_numpy(frame.labels)[None].to(processes.device))))
        truth = road_truth(frame.labels, label_map)
        histogram.update(truth, np.rint(result.road * 255.0).astype(np.uint8))
        if road_only:
            matrix.update(truth, np.isin(result.prediction, label_map.road_ids).astype(np.uint8))
        else:
            matrix.update(frame.labels, result.prediction)
    for counter in (matrix, histogram):
        counts = torch.from_numpy(counter.counts).to(processes.device)
        counter.counts = processes.total(counts).cpu().numpy()
    total = processes.total(torch.tensor([sum(losses), len(losses)], dtype=torch.float64,
                                         device=processes.device)).tolist()
    return Figures(matrix.scores(), histogram.scores(), total[0] / max(total[1], 1.0), road_only)


@torch.no_grad()
def predict(network: nn.Module, frame: LabelledFrame, *, label_map: LabelMap,
            precision: Precision, device: torch.device) -> tuple[Result, Tensor]:
    """Return what a network in inference mode makes of a frame, and its scores [1, C, H, W]."""
    network.eval()
    images = normalize(torch.from_numpy(frame.image[None]).to(device))
    with precision.forward():
        scores = network(images.contiguous(memory_format=torch.channels_last)).float()
    if scores.shape[1] == 1:
        road = scores[0, 0].sigmoid()
        labels = torch.where(scores[0, 0] > 0, label_map.road_ids[0], _not_road_id(label_map))
    else:
        road = scores[0].softmax(0)[list(label_map.road_ids)].sum(0).clamp(max=1.0)
        labels = scores[0].argmax(0)
    return Result(frame.name, frame.image, frame.labels, labels.to(torch.uint8).cpu().numpy(),
                  road.cpu().numpy()), scores


def road_truth(labels: np.ndarray, label_map: LabelMap) -> np.ndarray:
    """Map labels of any kind to the ids of the label map ``two``, keeping IGNORE."""
    truth = np.isin(labels, label_map.road_ids).astype(np.uint8)
    truth[labels == IGNORE] = IGNORE
    return truth


def _not_road_id(label_map: LabelMap) -> int:
    """Return the first id that is not road."""
    return next(i for i in range(len(label_map.names)) if i not in label_map.road_ids)
