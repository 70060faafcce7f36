"""Validation: the loss and the figures of a network on held-out frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from roadseg_core.data.source import FrameSource, LabelledFrame
from roadseg_core.data.splits import spread
from roadseg_core.labels import TWO, LabelMap
from roadseg_core.metrics import SegmentedFrame, Tally
from roadseg_core.models.preprocessing import normalize
from roadseg_core.training.distributed import Processes
from roadseg_core.training.execution import Execution
from roadseg_core.training.placement import Placement


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
class ValidationResult:
    """Hold what a validation found."""

    tally: Tally
    loss: float

    @property
    def score(self) -> float:
        """Return what training tries to raise: mIoU, or IoU where only the road is known."""
        scores = self.tally.confusion.scores()
        return scores.road_iou if self.tally.road_only else scores.miou

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON types."""
        road = self.tally.image_view.scores().to_dict()
        return {
            **self.tally.confusion.scores().to_dict(),
            **{name: road[name] for name in ('auc', 'max_f')},
            'loss': round(self.loss, 6),
        }


def read_validation_set(
    source: FrameSource, placement: Placement, *, frames: int | None = None
) -> ValidationSet:
    """
    Read a data set's frames and bring them, with their truth, to the network's size.

    :param frames: at most so many of them, spread over it; None for all
    """
    read = []
    for index in spread(range(len(source)), frames):
        frame = source.load(index)
        view = placement.view(frame.labels.shape)
        read.append(
            LabelledFrame(frame.name, view.forward(frame.image), view.forward_labels(frame.labels))
        )
    return ValidationSet(source.name, read, source.road_only)


def validate(
    network: nn.Module,
    data: ValidationSet,
    *,
    label_map: LabelMap,
    loss: Callable[[Tensor, Tensor], Tensor],
    execution: Execution,
    processes: Processes,
) -> ValidationResult:
    """
    Compare a network with the truth of a data set, each process a share of the frames.

    :param loss: maps scores and labels (uint8 [1, H, W]) to a scalar
    """
    tally = new_tally(label_map, road_only=data.road_only)
    losses = []
    for frame in data.frames[processes.rank :: processes.count]:
        found, scores = predict(
            network, frame, label_map=label_map, execution=execution, device=processes.device
        )
        labels = torch.from_numpy(frame.labels)[None].to(processes.device)
        losses.append(float(loss(scores, labels)))
        tally.count(found.truth, found.labels, found.road_probability)
    total = processes.total(
        torch.tensor([sum(losses), len(losses)], dtype=torch.float64, device=processes.device)
    ).tolist()
    return ValidationResult(total_tally(tally, processes), total[0] / max(total[1], 1.0))


@torch.no_grad()
def predict(
    network: nn.Module,
    frame: LabelledFrame,
    *,
    label_map: LabelMap,
    execution: Execution,
    device: torch.device,
) -> tuple[SegmentedFrame, Tensor]:
    """Return what a network in inference mode makes of a frame, and its scores [1, C, H, W]."""
    network.eval()
    images = normalize(torch.from_numpy(frame.image[None]).to(device))
    with execution.forward(device):
        scores = network(execution.place(images)).float()
    labels, road = read_scores(scores, label_map)
    return SegmentedFrame(frame.name, frame.image, frame.labels, labels[0], road[0]), scores


def read_scores(scores: Tensor, label_map: LabelMap) -> tuple[np.ndarray, np.ndarray]:
    """
    Return what scores say, uint8 [N, H, W] each: ids, and how probable road is (255: certain).

    :param scores: float [N, C, H, W], before softmax, or [N, 1, H, W], before sigmoid
    """
    scores = scores.float()
    if scores.shape[1] == 1:
        road = scores[:, 0].sigmoid()
        others = [i for i in range(len(label_map.names)) if i not in label_map.road_ids]
        labels = torch.where(scores[:, 0] > 0, label_map.road_ids[0], others[0])
    else:
        road = scores.softmax(1)[:, list(label_map.road_ids)].sum(1).clamp(max=1.0)
        labels = scores.argmax(1)
    road = (255.0 * road).round()
    return tuple(values.to(torch.uint8).cpu().numpy() for values in (labels, road))


def new_tally(label_map: LabelMap, *, road_only: bool) -> Tally:
    """Return an empty tally; a label map of road or not is compared as such truth is."""
    return Tally(label_map, road_only=road_only or label_map == TWO)


def total_tally(tally: Tally, processes: Processes) -> Tally:
    """Return the sum of classes and road ranking over all processes."""
    result = Tally(tally.label_map, road_only=tally.road_only)
    for mine, total in (
        (tally.confusion, result.confusion),
        (tally.image_view, result.image_view),
    ):
        counts = torch.from_numpy(mine.counts).to(processes.device)
        total.counts = processes.total(counts).cpu().numpy()
    return result
