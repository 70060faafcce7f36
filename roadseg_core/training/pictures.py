"""Draw the predictions of a network, for TensorBoard and for panels."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from roadseg_core.labels import IGNORE, NOT_ROAD, LabelMap
from roadseg_core.metrics import SegmentedFrame

COLUMNS = ('input', 'truth', 'prediction', 'road', 'errors')
_RED = (0, 0, 255)
_UNKNOWN = (70, 70, 70)


def wrong_pixels(truth: np.ndarray, prediction: np.ndarray, label_map: LabelMap) -> np.ndarray:
    """Return bool [H, W]: where the truth is known and the prediction contradicts it."""
    is_road = label_map.road_called(prediction) == 1
    wrong = np.where(truth == NOT_ROAD, is_road, prediction != truth)
    return wrong & (truth != IGNORE)


def paint_road(image: np.ndarray, road_probability: np.ndarray) -> np.ndarray:
    """Paint the pixels with a road probability above one half red over the image."""
    painted = cv2.addWeighted(image, 0.5, np.full_like(image, _RED), 0.5, 0.0)
    return np.where((road_probability > 127)[..., None], painted, image)


def draw_result(result: SegmentedFrame, label_map: LabelMap) -> np.ndarray:
    """
    Draw the :data:`COLUMNS` side by side.

    The error mask is white where the prediction is wrong, black where it is right, grey where
    nothing is known.

    :returns: uint8 [H, 5 * W, 3], BGR
    """
    errors = np.zeros_like(result.image)
    errors[wrong_pixels(result.truth, result.labels, label_map)] = 255
    errors[result.truth == IGNORE] = _UNKNOWN
    return np.concatenate(
        (
            result.image,
            paint_truth(result.truth, label_map),
            label_map.colorize(result.labels),
            paint_road(result.image, result.road_probability),
            errors,
        ),
        1,
    )


def paint_truth(truth: np.ndarray, label_map: LabelMap) -> np.ndarray:
    """Paint truth in the palette, grey where nothing is known, dark where only "not road" is."""
    painted = label_map.colorize(truth)
    painted[truth == IGNORE] = _UNKNOWN
    painted[truth == NOT_ROAD] = (30, 30, 30)
    return painted


def draw_results(results: Sequence[SegmentedFrame], label_map: LabelMap) -> np.ndarray:
    """Draw one row per frame, see :func:`draw_result`; uint8 [rows * H, 5 * W, 3], BGR."""
    return np.concatenate([draw_result(result, label_map) for result in results])


def draw_samples(images: np.ndarray, labels: np.ndarray, label_map: LabelMap) -> np.ndarray:
    """
    Draw augmented samples in a row, their truth below.

    :param images: uint8 [N, H, W, 3], BGR
    :param labels: uint8 [N, H, W]
    """
    truths = [paint_truth(truth, label_map) for truth in labels]
    return np.concatenate((np.concatenate(list(images), 1), np.concatenate(truths, 1)))
