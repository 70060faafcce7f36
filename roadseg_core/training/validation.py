"""Validation: the loss and the figures of a network on held-out frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import torch
from torch import Tensor, nn

from roadseg_core.data.source import FrameSource, LabelledFrame
from roadseg_core.data.splits import spread
from roadseg_core.geometry import Geometry
from roadseg_core.labels import LabelMap
from roadseg_core.metrics import RoadScores, Scores
from roadseg_core.models.preprocessing import normalize
from roadseg_core.training.distributed import Processes
from roadseg_core.training.pictures import Result
from roadseg_core.training.precision import Precision
from roadseg_core.training.tally import Tally, read_scores


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
        return {
            **self.scores.to_dict(),
            'auc': road['auc'],
            'max_f': road['max_f'],
            'loss': round(self.loss, 6),
        }


def read_validation_set(
    source: FrameSource, geometry: Geometry, *, frames: int | None = None
) -> ValidationSet:
    """
    Read a data set's frames and bring them, with their truth, to the network's size.

    :param frames: at most so many of them, spread over it; None for all
    """
    height, width = geometry.input_size
    read = []
    for index in spread(range(len(source)), frames):
        frame = source.load(index)
        read.append(
            LabelledFrame(
                frame.name,
                geometry.view(frame.labels.shape).forward(frame.image),
                cv2.resize(frame.labels, (width, height), interpolation=cv2.INTER_NEAREST_EXACT),
            )
        )
    return ValidationSet(source.name, read, source.road_only)


def validate(
    network: nn.Module,
    data: ValidationSet,
    *,
    label_map: LabelMap,
    loss: Callable[[Tensor, Tensor], Tensor],
    precision: Precision,
    processes: Processes,
) -> Figures:
    """
    Compare a network with the truth of a data set, each process a share of the frames.

    :param loss: maps scores and labels (uint8 [1, H, W]) to a scalar
    """
    tally = Tally(label_map, road_only=data.road_only)
    losses = []
    for frame in data.frames[processes.rank :: processes.count]:
        result, scores = predict(
            network, frame, label_map=label_map, precision=precision, device=processes.device
        )
        losses.append(
            float(loss(scores, torch.from_numpy(frame.labels)[None].to(processes.device)))
        )
        tally.update(frame.labels, result.prediction, result.road)
    tally = tally.totals(processes)
    total = processes.total(
        torch.tensor([sum(losses), len(losses)], dtype=torch.float64, device=processes.device)
    ).tolist()
    return Figures(
        tally.matrix.scores(),
        tally.histogram.scores(),
        total[0] / max(total[1], 1.0),
        tally.road_only,
    )


@torch.no_grad()
def predict(
    network: nn.Module,
    frame: LabelledFrame,
    *,
    label_map: LabelMap,
    precision: Precision,
    device: torch.device,
) -> tuple[Result, Tensor]:
    """Return what a network in inference mode makes of a frame, and its scores [1, C, H, W]."""
    network.eval()
    images = normalize(torch.from_numpy(frame.image[None]).to(device))
    with precision.forward():
        scores = network(images.contiguous(memory_format=torch.channels_last)).float()
    labels, road = read_scores(scores, label_map)
    return Result(frame.name, frame.image, frame.labels, labels[0], road[0]), scores
