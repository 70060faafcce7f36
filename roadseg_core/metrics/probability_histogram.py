"""The probability histogram measures how often what a probability speaks of is true."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from roadseg_core.labels import IGNORE
from roadseg_core.metrics.confusion import MetricsError
from roadseg_core.metrics.figures import Figures, ratio

LEVELS = 256

BINS = 15
"""Bins of equal width that calibration is measured in (Guo et al. 2017, section 2)."""


@dataclass(frozen=True)
class Calibration(Figures):
    """
    Hold how far probabilities are from shares; NaN where nothing was counted.

    :param ece: expected calibration error: the mean distance of the stated probability from the
        share that is true, over pixels, in :data:`BINS` bins
    :param brier: mean squared distance of the probability from 0 (false) or 1 (true)
    :param auroc: how often what is true has the higher probability, ties by half; of a
        confidence: how well it finds the wrong pixels
    :param aurc: area under the risk-coverage curve (Geifman and El-Yaniv 2017): the share of wrong
        pixels among the surest, averaged over the share of pixels that is kept
    """

    ece: float
    brier: float
    auroc: float
    aurc: float


class ProbabilityHistogram:
    """
    Count probabilities of what is true and of what is not.

    ``counts`` is int64 [2, 256]: by truth (0 not so, 1 so) and probability. Nothing is lost
    for outputs of bytes; for floats, use ``round(255 * p)``.
    """

    def __init__(self) -> None:
        self.counts = np.zeros((2, LEVELS), np.int64)

    def update(self, truth: np.ndarray, probability: np.ndarray) -> None:
        """
        Add frames.

        :param truth: uint8, any shape: 0 not so, 1 so, or ``IGNORE``
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

    def merge(self, other: ProbabilityHistogram) -> None:
        """Add another histogram."""
        self.counts += other.counts

    def auroc(self) -> float:
        """Of true and false drawn at random, return how often the true ranks higher."""
        below = np.cumsum(self.counts[0]) - self.counts[0] / 2
        return ratio((below * self.counts[1]).sum(), self.counts[0].sum() * self.counts[1].sum())

    def bins(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return mean probability and share that is true, NaN where none, and pixels, by bin."""
        place = np.minimum(np.arange(LEVELS) * BINS // (LEVELS - 1), BINS - 1)
        of_bin = place == np.arange(BINS)[:, None]
        false, true = of_bin @ self.counts[0], of_bin @ self.counts[1]
        stated = (of_bin * _PROBABILITY) @ self.counts.sum(0)
        with np.errstate(invalid='ignore'):
            return stated / (false + true), true / (false + true), false + true

    def risk_coverage(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the share of pixels kept, ascending to 1, and the share of them that is false."""
        kept = self.counts[:, ::-1].cumsum(1)
        kept = kept[:, self.counts.sum(0)[::-1] > 0]
        total = kept.sum(0)
        return total / max(int(total[-1]) if total.size else 0, 1), kept[0] / total

    def calibration(self) -> Calibration:
        """Compute the figures."""
        stated, true, pixels = self.bins()
        every = int(pixels.sum())
        missed = self.counts[0] @ _PROBABILITY**2 + self.counts[1] @ (1 - _PROBABILITY) ** 2
        coverage, risk = self.risk_coverage()
        return Calibration(
            ece=ratio(np.nansum(np.abs(stated - true) * pixels), every),
            brier=ratio(missed, every),
            auroc=self.auroc(),
            aurc=ratio((np.diff(coverage, prepend=0.0) * risk).sum(), every > 0),
        )


_PROBABILITY = np.arange(LEVELS) / (LEVELS - 1)
