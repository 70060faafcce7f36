"""Predictions counted against truth, in training and in validation."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from roadseg_core.labels import IGNORE, NOT_ROAD, TWO, LabelMap
from roadseg_core.metrics import ConfusionMatrix, RoadHistogram
from roadseg_core.training.distributed import Processes


class Tally:
    """
    Hold a confusion matrix and the ranking of the road, counted over frames.

    :param road_only: the truth is road or not road: compare in the label map ``two``
    """

    def __init__(self, label_map: LabelMap, *, road_only: bool) -> None:
        self.road_only = road_only or label_map == TWO
        self.matrix = ConfusionMatrix(TWO if self.road_only else label_map)
        self.histogram = RoadHistogram()
        self._label_map = label_map

    def update(self, truth: np.ndarray, prediction: np.ndarray, road: np.ndarray) -> None:
        """
        Add frames.

        :param truth: uint8, any shape: ids of the label map, ``NOT_ROAD`` or ``IGNORE``
        :param prediction: uint8, the same shape: ids of the label map
        :param road: float, the same shape: the probability of road
        """
        is_road = self._label_map.road_truth(truth)
        self.histogram.update(is_road, np.rint(road * 255.0).astype(np.uint8))
        if self.road_only:
            self.matrix.update(is_road, self._label_map.road_called(prediction))
        else:
            self.matrix.update(np.where(truth == NOT_ROAD, np.uint8(IGNORE), truth), prediction)

    def clear(self) -> None:
        """Forget everything."""
        for counter in (self.matrix, self.histogram):
            counter.counts = np.zeros_like(counter.counts)

    def totals(self, processes: Processes) -> Tally:
        """Return the sum over all processes."""
        result = Tally(self._label_map, road_only=self.road_only)
        for mine, total in ((self.matrix, result.matrix), (self.histogram, result.histogram)):
            counts = torch.from_numpy(mine.counts).to(processes.device)
            total.counts = processes.total(counts).cpu().numpy()
        return result

    def figures(self) -> dict[str, float | None]:
        """Return the figures of a training epoch by name; None where one does not exist."""
        scores = self.matrix.scores().to_dict()
        return {
            name: scores[name]
            for name in ('pixel_accuracy', 'road_precision', 'road_recall', 'road_iou', 'miou')
        } | {'auc': self.histogram.scores().to_dict()['auc']}

    def state(self) -> dict[str, list]:
        """Return the counts as plain JSON types."""
        return {'matrix': self.matrix.counts.tolist(), 'histogram': self.histogram.counts.tolist()}

    def load_state(self, state: dict[str, list]) -> None:
        """Go on from counts of :meth:`state`."""
        self.matrix.counts = np.array(state['matrix'], np.int64)
        self.histogram.counts = np.array(state['histogram'], np.int64)


def read_scores(scores: Tensor, label_map: LabelMap) -> tuple[np.ndarray, np.ndarray]:
    """
    Return what scores say: uint8 [N, H, W], ids, and float [N, H, W], the probability of road.

    :param scores: float [N, C, H, W], before softmax, or [N, 1, H, W], before sigmoid
    """
    scores = scores.float()
    if scores.shape[1] == 1:
        road = scores[:, 0].sigmoid()
        labels = torch.where(scores[:, 0] > 0, label_map.road_ids[0], _not_road_id(label_map))
    else:
        road = scores.softmax(1)[:, list(label_map.road_ids)].sum(1).clamp(max=1.0)
        labels = scores.argmax(1)
    return labels.to(torch.uint8).cpu().numpy(), road.cpu().numpy()


def _not_road_id(label_map: LabelMap) -> int:
    """Return the first id that is not road."""
    return next(i for i in range(len(label_map.names)) if i not in label_map.road_ids)
