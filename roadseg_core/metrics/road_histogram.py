"""The road histogram measures how the road probability ranks pixels: AUC, MaxF and AP."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from roadseg_core.labels import IGNORE
from roadseg_core.metrics.confusion import MetricsError
from roadseg_core.metrics.figures import Figures, ratio

LEVELS = 256


@dataclass(frozen=True)
class RoadScores(Figures):
    """
    Hold the figures of the KITTI Road protocol (Fritsch et al. 2013, section IV), and AUC.

    :param max_f: the largest F1 over all thresholds
    :param threshold: where it is: road is probability >= threshold, 0..255
    :param precision: at that threshold, as are ``recall``, ``fpr`` and ``fnr``
    :param fpr: share of not-road that is called road
    :param fnr: share of road that is missed
    :param average_precision: the mean of the best precision at recalls 0, 0.1 ... 1 or above
    :param auc: area under the ROC curve: how often road ranks over not-road, ties by half
    :param pixels: pixels counted
    """

    max_f: float
    threshold: int
    precision: float
    recall: float
    fpr: float
    fnr: float
    average_precision: float
    auc: float
    pixels: int


class RoadHistogram:
    """
    Count probabilities of road on road and elsewhere: all that a ranking depends on.

    ``counts`` is int64 [2, 256]: by truth (0 not road, 1 road) and probability. Nothing is lost
    for outputs of bytes; for floats, use ``round(255 * p)``.
    """

    def __init__(self) -> None:
        self.counts = np.zeros((2, LEVELS), np.int64)

    def update(self, truth: np.ndarray, probability: np.ndarray) -> None:
        """
        Add frames.

        :param truth: uint8, any shape: 0 not road, 1 road, or ``IGNORE``
        :param probability: uint8, the same shape: 0..255
        :raises MetricsError: if shapes or types differ from these, or truth has another id
        """
        if truth.shape != probability.shape or probability.dtype != np.uint8:
            raise MetricsError(
                f'truth of {truth.shape} and probability {probability.dtype} '
                f'{probability.shape}; expected uint8 of one shape'
            )
        pairs = truth.astype(np.uint16).ravel() * LEVELS + probability.ravel()
        table = np.bincount(pairs, minlength=LEVELS**2).reshape(LEVELS, LEVELS)
        if table[2:IGNORE].any():
            raise MetricsError(
                f'truth with the id {2 + int(table[2:].any(1).argmax())}; expected 0, 1 or {IGNORE}'
            )
        self.counts += table[:2]

    def merge(self, other: RoadHistogram) -> None:
        """Add another histogram."""
        self.counts += other.counts

    def curve(self) -> tuple[np.ndarray, np.ndarray]:
        """Return precision and recall, float [256], by threshold; NaN where they do not exist."""
        called = self._called()
        with np.errstate(invalid='ignore', divide='ignore'):
            return called[1] / called.sum(0), called[1] / self.counts[1].sum()

    def scores(self) -> RoadScores:
        """Compute the figures; NaN where truth has no road, or nothing else."""
        called = self._called()
        others, road = (int(n) for n in self.counts.sum(1))
        precision, recall = self.curve()
        best = int(np.argmax(2 * called[1] / np.maximum(called.sum(0) + road, 1)))
        # Of road and not-road drawn at random: how often road has the higher value.
        below = np.cumsum(self.counts[0]) - self.counts[0] / 2
        return RoadScores(
            max_f=ratio(2 * called[1, best], called[:, best].sum() + road) if road else np.nan,
            threshold=best,
            precision=float(precision[best]),
            recall=float(recall[best]),
            fpr=ratio(called[0, best], others),
            fnr=ratio(road - called[1, best], road),
            average_precision=_eleven_point(precision, recall) if road else np.nan,
            auc=ratio((below * self.counts[1]).sum(), others * road),
            pixels=others + road,
        )

    def _called(self) -> np.ndarray:
        """Return int64 [2, 256]: how many pixels are called road at each threshold, by truth."""
        return self.counts[:, ::-1].cumsum(1)[:, ::-1]


def _eleven_point(precision: np.ndarray, recall: np.ndarray) -> float:
    """Average the best precision at a recall of 0, 0.1 ... 1 or above (PASCAL VOC 2007)."""
    found = [precision[recall >= level - 1e-9] for level in np.linspace(0.0, 1.0, 11)]
    return float(np.mean([np.nanmax(values) for values in found]))
