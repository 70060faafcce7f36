"""The road histogram measures how the road probability ranks pixels: AUC, MaxF and AP."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from roadseg_core.metrics.figures import Figures, ratio
from roadseg_core.metrics.probability_histogram import ProbabilityHistogram


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


class RoadHistogram(ProbabilityHistogram):
    """Count probabilities of road on road and elsewhere: all that a ranking depends on."""

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
        return RoadScores(
            max_f=ratio(2 * called[1, best], called[:, best].sum() + road) if road else np.nan,
            threshold=best,
            precision=float(precision[best]),
            recall=float(recall[best]),
            fpr=ratio(called[0, best], others),
            fnr=ratio(road - called[1, best], road),
            average_precision=_eleven_point(precision, recall) if road else np.nan,
            auc=self.auroc(),
            pixels=others + road,
        )

    def _called(self) -> np.ndarray:
        """Return int64 [2, 256]: how many pixels are called road at each threshold, by truth."""
        return self.counts[:, ::-1].cumsum(1)[:, ::-1]


def _eleven_point(precision: np.ndarray, recall: np.ndarray) -> float:
    """Average the best precision at a recall of 0, 0.1 ... 1 or above (PASCAL VOC 2007)."""
    found = [precision[recall >= level - 1e-9] for level in np.linspace(0.0, 1.0, 11)]
    return float(np.mean([np.nanmax(values) for values in found]))
