"""Distance bands measure how much of the road is found near and far."""

from __future__ import annotations

import numpy as np

from roadseg_core.metrics.confusion import MetricsError
from roadseg_core.metrics.figures import plain, ratio

BANDS = (6.0, 16.0, 26.0, 36.0, 46.0)
"""Edges of the bands in metres ahead: the range of the KITTI Road protocol in quarters."""


class DistanceBands:
    """
    Count road by its distance.

    ``counts`` is int64 [bands, 2, 2]: by band of :data:`BANDS`, which holds its nearer edge, by
    truth and by prediction (0 not road, 1 road).
    """

    def __init__(self) -> None:
        self.counts = np.zeros((len(BANDS) - 1, 2, 2), np.int64)

    def update(self, truth: np.ndarray, prediction: np.ndarray, distance: np.ndarray) -> None:
        """
        Add frames; pixels outside the bands are left out.

        :param truth: uint8, any shape: 0 not road, 1 road; others are left out
        :param prediction: uint8, the same shape: 1 road, others not
        :param distance: float, broadcast to that shape: metres
        """
        if truth.shape != prediction.shape:
            raise MetricsError(
                f'truth of {truth.shape} and prediction of {prediction.shape}; '
                'bring them to one size first'
            )
        bands = len(self.counts)
        band = np.broadcast_to(np.digitize(distance, BANDS) - 1, truth.shape)
        counted = (truth <= 1) & (band >= 0) & (band < bands)
        index = (band[counted] * 2 + truth[counted]) * 2 + (prediction[counted] == 1)
        self.counts += np.bincount(index, minlength=4 * bands).reshape(bands, 2, 2)

    def merge(self, other: DistanceBands) -> None:
        """Add another count."""
        self.counts += other.counts

    def to_list(self) -> list[dict[str, object]]:
        """Return, for each band, its edges in metres, recall, precision and pixels of road."""
        return [
            {
                'from_m': near,
                'to_m': far,
                'recall': plain(ratio(counts[1, 1], counts[1].sum())),
                'precision': plain(ratio(counts[1, 1], counts[:, 1].sum())),
                'road_pixels': int(counts[1].sum()),
            }
            for near, far, counts in zip(BANDS, BANDS[1:], self.counts)
        ]
