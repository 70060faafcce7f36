"""Weights that make rare classes count."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from roadseg_core.labels import NOT_ROAD, LabelMap


def count_labels(
    labels: Iterable[np.ndarray], label_map: LabelMap
) -> tuple[np.ndarray, np.ndarray, bool]:
    """
    Count pixels by class over label images.

    Where all classes but one are road, ``NOT_ROAD`` is known to be that one.

    :returns: float [classes] twice: pixels of each class, and the labelled pixels of the images
        in which it is seen; and whether there are pixels of which only "not road" is known
    """
    classes = len(label_map.names)
    others = [i for i in label_map.valid_ids if i not in label_map.road_ids]
    pixels, seen = np.zeros(classes), np.zeros(classes)
    partly_known = False
    for image in labels:
        found = np.bincount(image.ravel(), minlength=256)
        counts = found[:classes]
        if len(others) == 1:
            counts[others[0]] += found[NOT_ROAD]
        else:
            partly_known |= bool(found[NOT_ROAD])
        pixels += counts
        seen += counts.sum() * (counts > 0)
    return pixels, seen, partly_known


def median_frequency(pixels: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """
    Weigh classes by the median of all frequencies over their own (Eigen and Fergus 2015).

    A frequency is the share of a class in the images in which it is seen; a class that is never
    seen weighs 0.
    """
    frequency = np.divide(pixels, seen, out=np.zeros_like(pixels), where=seen > 0)
    shown = frequency > 0
    median = np.median(frequency[shown]) if shown.any() else 0.0
    return np.divide(median, frequency, out=np.zeros_like(frequency), where=shown)


def inverse_frequency(pixels: np.ndarray) -> np.ndarray:
    """Weigh classes by one over their share of all pixels, 1 on average over seen classes."""
    shown = pixels > 0
    weights = np.divide(1.0, pixels, out=np.zeros_like(pixels), where=shown)
    return weights * (shown.sum() / max(weights.sum(), 1e-30))
