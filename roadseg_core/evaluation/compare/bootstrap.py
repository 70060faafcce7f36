"""
Compute confidence intervals by the block bootstrap: neighbouring frames are not independent.

Frames of one drive look alike for seconds, so resampling single frames makes intervals too
narrow. Whole blocks of neighbouring frames are drawn instead (Kuensch 1989, non-overlapping as
Carlstein 1986), and every figure is computed anew from the sums of the blocks drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np

LEAST_BLOCKS = 5
"""Fewer blocks than this say nothing about how figures vary: no interval is given."""

_CHUNK = 500


@dataclass(frozen=True)
class Interval:
    """
    Hold a figure and where it would lie on other drives like these.

    :param value: the figure on all frames; NaN if it does not exist
    :param low: lower end; NaN if there is none
    :param high: upper end; NaN if there is none
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Blocks:
    """
    Say which block each frame belongs to.

    :param ids: int [frames], 0 to count - 1
    :param count: number of blocks
    """

    ids: np.ndarray
    count: int

    def sums(self, addends: np.ndarray) -> np.ndarray:
        """Add int64 [frames, k] up by block: int64 [count, k]."""
        total = np.zeros((self.count, addends.shape[1]), np.int64)
        np.add.at(total, self.ids, addends)
        return total


def make_blocks(bags: list[str], stamps_ns: np.ndarray, seconds: float) -> Blocks:
    """
    Put the frames of one bag within the same ``seconds`` into one block.

    The cameras of a vehicle see one scene at one time: their frames share a block.

    :param bags: bag of each frame
    :param stamps_ns: int64 [frames]
    :raises ValueError: if ``seconds`` is not positive
    """
    if not seconds > 0:
        raise ValueError(f'blocks of {seconds} s; expected more than 0')
    length_ns = max(1, round(seconds * 1e9))
    first: dict[str, int] = {}
    for bag, stamp in zip(bags, stamps_ns.tolist()):
        first[bag] = min(stamp, first.get(bag, stamp))
    keys = [
        (bag, (stamp - first[bag]) // length_ns) for bag, stamp in zip(bags, stamps_ns.tolist())
    ]
    order = {key: number for number, key in enumerate(sorted(set(keys)))}
    return Blocks(np.array([order[key] for key in keys], np.intp), len(order))


def resample(count: int, resamples: int, seed: int) -> np.ndarray:
    """
    Draw ``count`` of ``count`` blocks with replacement, ``resamples`` times.

    :returns: int64 [resamples, count], how often each block was drawn; equal for equal arguments
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    weights = np.empty((resamples, count), np.int64)
    for row in weights:
        row[:] = np.bincount(generator.integers(0, count, count), minlength=count)
    return weights


def estimate(
    figure: Callable[[np.ndarray], np.ndarray],
    sums: np.ndarray,
    weights: np.ndarray,
    *,
    confidence: float,
) -> Interval:
    """
    Compute a figure with its interval.

    :param figure: sums int64 [..., k] to values float64 [...]; NaN where there is none
    :param sums: int64 [blocks, k]
    :param weights: from :func:`resample`; the same ones for figures that are compared
    :param confidence: such as 0.95
    """
    value = float(figure(sums.sum(0)))
    if len(sums) < LEAST_BLOCKS or math.isnan(value):
        return Interval(value, float('nan'), float('nan'))
    drawn = np.concatenate(
        [
            # Integers: exact, so the same whatever the order in which they are added.
            figure(weights[start : start + _CHUNK] @ sums)
            for start in range(0, len(weights), _CHUNK)
        ]
    )
    drawn = drawn[~np.isnan(drawn)]
    if not len(drawn):
        return Interval(value, float('nan'), float('nan'))
    tail = _tail(len(sums), confidence)
    low, high = np.quantile(drawn, (tail, 1 - tail))
    return Interval(value, float(low), float(high))


def _tail(blocks: int, confidence: float) -> float:
    """
    Return the share of resamples to leave out at each end.

    Percentiles of few blocks are too narrow, by the factor sqrt((n - 1) / n) and by the normal
    instead of Student's distribution; both are put right by taking percentiles further out
    ("expanded percentile interval", Hesterberg 2015, section 4.3).
    """
    reach = math.sqrt(blocks / (blocks - 1)) * _student_quantile((1 + confidence) / 2, blocks - 1)
    return NormalDist().cdf(-reach)


@lru_cache(maxsize=64)
def _student_quantile(share: float, freedom: int) -> float:
    """Return the quantile, above the median, of Student's distribution."""
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2))
    scale /= math.sqrt(freedom * math.pi)

    def below(value: float) -> float:
        points = np.linspace(0.0, value, 2001)
        heights = scale * (1 + points**2 / freedom) ** (-(freedom + 1) / 2)
        # Simpson's rule
        inner = heights[0] + heights[-1] + 4 * heights[1::2].sum() + 2 * heights[2:-1:2].sum()
        return 0.5 + float(inner) * value / 6000

    low, high = 0.0, 200.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) < share else (low, middle)
    return (low + high) / 2
