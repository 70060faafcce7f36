"""The confusion matrix accumulates over all pixels of all frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from roadseg_core.labels import IGNORE, LabelMap
from roadseg_core.metrics.figures import Figures, ratio


class MetricsError(ValueError):
    """Label images that cannot be compared; the message says what was found."""


@dataclass(frozen=True)
class Scores(Figures):
    """
    Hold what a confusion matrix says; NaN where a figure does not exist.

    The figures by class are of the classes in the truth; the means are over these.

    :param iou: intersection over union by class name
    :param miou: mean of ``iou``
    :param precision: share of the pixels called so that are so, by class name; NaN if none is
    :param recall: share of a class's pixels that are found, by class name
    :param f1: harmonic mean of the two, by class name
    :param pixel_accuracy: share of the counted pixels that are right
    :param mean_class_accuracy: mean of ``recall``
    :param road_iou: IoU of all road ids taken as one class
    :param road_precision: share of the pixels called road that are road
    :param road_recall: share of the road that is called road
    :param road_f1: harmonic mean of the two
    :param absent: classes that the truth never shows: not averaged
    :param pixels: pixels counted
    """

    iou: dict[str, float]
    miou: float
    precision: dict[str, float]
    recall: dict[str, float]
    f1: dict[str, float]
    pixel_accuracy: float
    mean_class_accuracy: float
    road_iou: float
    road_precision: float
    road_recall: float
    road_f1: float
    absent: tuple[str, ...]
    pixels: int


class ConfusionMatrix:
    """
    Count truth against prediction.

    Truth that is ``IGNORE`` or void is left out. A prediction of void, or of ``IGNORE`` (a
    pixel that a crop never showed), on counted truth is a miss. ``counts[t, p]`` is int64
    [classes, classes + 1]; the last column counts predictions of ``IGNORE``.
    """

    def __init__(self, label_map: LabelMap) -> None:
        self.label_map = label_map
        classes = len(label_map.names)
        self.counts = np.zeros((classes, classes + 1), np.int64)

    def update(self, truth: np.ndarray, prediction: np.ndarray) -> None:
        """
        Add label images.

        :param truth: uint8, any shape
        :param prediction: uint8, the same shape
        :raises MetricsError: if shapes differ or an id is not of the label map
        """
        if truth.shape != prediction.shape:
            raise MetricsError(
                f'truth of {truth.shape} and prediction of {prediction.shape}; '
                'bring them to one size first'
            )
        classes = len(self.label_map.names)
        # One byte pair is one bin of 256 x 256: unknown ids are found on the way.
        pairs = truth.astype(np.uint16).ravel() * 256 + prediction.astype(np.uint16).ravel()
        table = np.bincount(pairs, minlength=65536).reshape(256, 256)
        table = table[[*range(IGNORE)]]
        if table[classes:].any():
            raise MetricsError(
                f'truth with the id {classes + int(table[classes:].any(1).argmax())}; expected 0 '
                f'to {classes - 1} of {self.label_map.name!r}, or {IGNORE} for no label'
            )
        unknown = table[:, classes:IGNORE]
        if unknown.any():
            raise MetricsError(
                f'prediction with the id {classes + int(unknown.any(0).argmax())}; expected 0 to '
                f'{classes - 1} of {self.label_map.name!r}, or {IGNORE}'
            )
        counts = np.concatenate((table[:classes, :classes], table[:classes, IGNORE:]), axis=1)
        counts[list(self.label_map.void_ids)] = 0
        self.counts += counts

    def merge(self, other: ConfusionMatrix) -> None:
        """Add another matrix of the same label map."""
        if other.label_map != self.label_map:
            raise MetricsError(
                f'matrices of the label maps {self.label_map.name!r} and '
                f'{other.label_map.name!r} cannot be added'
            )
        self.counts += other.counts

    def scores(self) -> Scores:
        """Compute the figures."""
        names = self.label_map.names
        hits = np.diag(self.counts)
        in_truth = self.counts.sum(1)
        called = self.counts[:, :-1].sum(0)
        seen = [i for i in self.label_map.valid_ids if in_truth[i]]
        iou = {names[i]: ratio(hits[i], in_truth[i] + called[i] - hits[i]) for i in seen}
        recall = {names[i]: ratio(hits[i], in_truth[i]) for i in seen}
        total = int(self.counts.sum())
        road = list(self.label_map.road_ids)
        road_hits = int(self.counts[np.ix_(road, road)].sum())
        road_truth = int(self.counts[road].sum())
        road_called = int(self.counts[:, road].sum())
        return Scores(
            iou=iou,
            miou=_mean(iou),
            recall=recall,
            mean_class_accuracy=_mean(recall),
            precision={names[i]: ratio(hits[i], called[i]) for i in seen},
            f1={names[i]: ratio(2 * hits[i], in_truth[i] + called[i]) for i in seen},
            pixel_accuracy=ratio(hits.sum(), total),
            road_iou=ratio(road_hits, road_truth + road_called - road_hits),
            road_precision=ratio(road_hits, road_called),
            road_recall=ratio(road_hits, road_truth),
            road_f1=ratio(2 * road_hits, road_truth + road_called),
            absent=tuple(names[i] for i in self.label_map.valid_ids if not in_truth[i]),
            pixels=total,
        )


def _mean(by_class: dict[str, float]) -> float:
    return float(np.mean(list(by_class.values()))) if by_class else float('nan')
