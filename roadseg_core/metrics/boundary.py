"""Boundary counts measure how precisely the road's edge is found."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from roadseg_core.labels import IGNORE
from roadseg_core.metrics.confusion import MetricsError
from roadseg_core.metrics.figures import Figures, ratio

TOLERANCE = 0.0075
"""Share of the image's diagonal within which two edges meet (Csurka et al. 2013, section 2)."""

_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
_SQUARE = np.ones((3, 3), np.uint8)


@dataclass(frozen=True)
class BoundaryScores(Figures):
    """
    Hold how well edges meet; NaN where there is no edge to measure by.

    :param precision: share of the predicted edge's pixels near an edge of the truth
    :param recall: share of the true edge's pixels near a predicted one
    :param f1: harmonic mean of the two; 0 where only one picture has an edge
    """

    precision: float
    recall: float
    f1: float


class BoundaryCounts:
    """
    Count pixels of the road's edge that are near the other's edge.

    Edges beside truth without a label are not counted; the image's border is no edge.
    Near is within :data:`TOLERANCE`, or one pixel where that is less. ``counts`` is int64 [2, 2]:
    of truth and of prediction, (near the other's, all).
    """

    def __init__(self) -> None:
        self.counts = np.zeros((2, 2), np.int64)

    def update(self, truth: np.ndarray, prediction: np.ndarray) -> None:
        """
        Add a frame.

        :param truth: uint8 [H, W]: 0 not road, 1 road, or ``IGNORE``
        :param prediction: uint8 [H, W]: the same ids; what is not 1 counts as not road
        :raises MetricsError: if shapes differ
        """
        if truth.shape != prediction.shape or truth.ndim != 2:
            raise MetricsError(
                f'truth of {truth.shape} and prediction of {prediction.shape}; '
                'expected [H, W] of one size'
            )
        allowed = max(1.0, TOLERANCE * float(np.hypot(*truth.shape)))
        counted = cv2.erode((truth != IGNORE).astype(np.uint8), _SQUARE) == 1
        edges = [_edge(truth == 1), _edge(prediction == 1)]
        for row, (own, other) in enumerate((edges, edges[::-1])):
            own = own & counted
            self.counts[row] += int((own & _near(other, allowed)).sum()), int(own.sum())

    def merge(self, other: BoundaryCounts) -> None:
        """Add another count."""
        self.counts += other.counts

    def scores(self) -> BoundaryScores:
        """Compute the figures."""
        recall, precision = (ratio(near, every) for near, every in self.counts)
        f1 = math.nan
        if self.counts[:, 1].any():
            met = precision > 0 and recall > 0
            f1 = 2 * precision * recall / (precision + recall) if met else 0.0
        return BoundaryScores(precision=precision, recall=recall, f1=f1)


def _edge(road: np.ndarray) -> np.ndarray:
    """Return bool [H, W]: road pixels with a neighbour, up, down or beside, that is none."""
    inside = cv2.erode(road.astype(np.uint8), _CROSS, borderType=cv2.BORDER_CONSTANT, borderValue=1)
    return road & (inside == 0)


def _near(edge: np.ndarray, distance: float) -> np.ndarray:
    """Return bool [H, W]: at most ``distance`` pixels from an edge."""
    if not edge.any():
        return np.zeros_like(edge)
    away = cv2.distanceTransform((~edge).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return away <= distance
