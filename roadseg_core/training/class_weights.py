"""Weigh classes in a loss, so that rare ones count."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from roadseg_core.labels import NOT_ROAD, LabelMap
from roadseg_core.training.config import ConfigError, TrainingConfig


def class_weights(
    config: TrainingConfig,
    labels: Iterable[np.ndarray],
    label_map: LabelMap,
    *,
    device: torch.device,
) -> dict[int, Tensor]:
    """
    Return the weights, float [classes], by the place of each loss that has some.

    :param labels: the truth of all samples; read only where weights are drawn from it
    :raises ConfigError: if they are of another number, or cannot be drawn from the truth
    """
    choices = {
        place: term.class_weights
        for place, term in enumerate(config.loss)
        if term.class_weights != 'none'
    }
    classes = len(label_map.names)
    if any(isinstance(choice, str) for choice in choices.values()):
        pixels, seen, partly_known = count_labels(labels, label_map)
        missing = [label_map.names[i] for i in label_map.valid_ids if not pixels[i]]
        if partly_known and missing:
            raise ConfigError(
                'loss: class_weights cannot be drawn from this truth: it says only "not road" of '
                f'some pixels, and no pixel is labelled {", ".join(missing)}, so that not road '
                'would count too little or nothing; give a list of weights or none, train with '
                'data.label_map=two, or add data that has these classes'
            )
    weights = {}
    for place, choice in choices.items():
        if choice == 'median_frequency':
            values = median_frequency(pixels, seen)
        else:
            values = np.asarray(choice, float)
        if len(values) != classes:
            raise ConfigError(
                f'loss.{place}.class_weights: {len(values)} weights; label map '
                f'{label_map.name!r} has {classes} classes'
            )
        weights[place] = torch.tensor(values, dtype=torch.float32, device=device)
    return weights


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
