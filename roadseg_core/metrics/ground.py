"""Ground counts measure how much of the road around the vehicle a grid finds, and invents."""

from __future__ import annotations

import math

import numpy as np

from roadseg_core.metrics.figures import plain, ratio

LIMITS = (5.0, 10.0, 15.0, 20.0, 30.0)
"""Ends of the bands in metres from the vehicle's origin; the first begins at 0."""

UNSEEN, NOT_ROAD, ROAD = range(3)


class GroundCounts:
    """
    Count cells by their distance.

    ``counts`` is int64 [bands, 2, 3]: by band of :data:`LIMITS`, by truth (0 not road, 1 road)
    and by what the grid says: :data:`UNSEEN`, :data:`NOT_ROAD` or :data:`ROAD`.
    """

    def __init__(self, counts: np.ndarray | None = None) -> None:
        self.counts = np.zeros((len(LIMITS), 2, 3), np.int64)
        if counts is not None:
            self.counts += counts

    def update(self, truth: np.ndarray, cells: np.ndarray, distance: np.ndarray) -> None:
        """
        Add a grid; cells beyond the last band are left out.

        :param truth: uint8, any shape: 0 not road, 1 road; others are left out
        :param cells: int8, the same shape: -1 unseen, 0 to 49 road, 100 not road
        :param distance: float, the same shape: metres
        """
        band = np.searchsorted(LIMITS, distance)
        counted = (truth <= 1) & (band < len(LIMITS))
        called = np.where(cells < 0, UNSEEN, np.where(cells < 100, ROAD, NOT_ROAD))
        index = (band[counted] * 2 + truth[counted]) * 3 + called[counted]
        self.counts += np.bincount(index, minlength=self.counts.size).reshape(self.counts.shape)

    def merge(self, other: GroundCounts) -> None:
        """Add another count."""
        self.counts += other.counts

    def figures(self, far: float = math.inf, *, near: float = 0.0) -> dict[str, float | None]:
        """
        Return the figures of the bands from ``near`` to ``far`` metres.

        :returns: ``iou`` of road over the seen cells; ``false_free``: share of the seen cells that
            are called road and are not; ``road_seen``: share of the road's cells that are seen;
            None where there is nothing to divide by
        """
        limits = np.array(LIMITS)
        counts = self.counts[(limits <= far) & (limits > near)].sum(0)
        seen = counts[:, NOT_ROAD:].sum()
        union = counts[0, ROAD] + counts[1, NOT_ROAD:].sum()
        return {
            'iou': plain(ratio(counts[1, ROAD], union)),
            'false_free': plain(ratio(counts[0, ROAD], seen)),
            'road_seen': plain(ratio(counts[1, NOT_ROAD:].sum(), counts[1].sum())),
        }

    def by_distance(self) -> list[dict[str, float | None]]:
        """Return the figures of each band that holds cells, with its ends in metres."""
        return [
            {'from_m': near, 'to_m': far, **self.figures(far, near=near)}
            for near, far, counts in zip((0.0, *LIMITS), LIMITS, self.counts)
            if counts.any()
        ]
