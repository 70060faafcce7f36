"""The outputs of a network for a batch of frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Segmentation:
    """
    Hold what a network says about a batch; each array is uint8 [n, H, W] or None.

    :param labels: class ids
    :param road_probability: 0..255, the probability of road
    :param confidence: 0..255, the largest class probability
    """

    labels: np.ndarray | None = None
    road_probability: np.ndarray | None = None
    confidence: np.ndarray | None = None
