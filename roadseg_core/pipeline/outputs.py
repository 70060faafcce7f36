"""Make the published images: label, mask, confidence and overlay."""

from __future__ import annotations

import math

import cv2
import numpy as np

from roadseg_core.geometry import View
from roadseg_core.labels import IGNORE, LabelMap

OUTPUT_GEOMETRIES = ('camera', 'network')
"""`camera` lines up with the camera's pixels; `network` stays at the network's input size."""

OVERLAY_MODES = ('palette', 'road')
"""`palette` blends every class in its colour; `road` tints the road and draws its outline."""

_ROAD_TINT = (0, 255, 0)
_ROAD_OUTLINE = (0, 255, 255)


def label_image(
    labels: np.ndarray,
    view: View,
    output_geometry: str,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """
    Place the network's labels in the output geometry.

    :param labels: uint8 [input_height, input_width], class ids
    :param view: how the camera's image was brought to the network's size
    :param output_geometry: one of :data:`OUTPUT_GEOMETRIES`
    :param out: uint8 [H, W] that may be filled; None for new memory
    :returns: uint8 [H, W] of the output geometry; 255 where there is no label: outside a crop,
        or in the padding of a letterbox
    """
    return _place(labels, view, output_geometry, outside=IGNORE, smooth=False, out=out)


def confidence_image(confidence: np.ndarray, view: View, output_geometry: str) -> np.ndarray:
    """
    Place the network's confidence in the output geometry, smoothly.

    :param confidence: uint8 [input_height, input_width], 255 is certain
    :returns: uint8 [H, W] of the output geometry; 0 where the network saw no camera pixel
    """
    return _place(confidence, view, output_geometry, outside=0, smooth=True)


def road_mask(
    label_map: LabelMap,
    labels: np.ndarray | None,
    road_probability: np.ndarray | None,
    *,
    threshold: float,
    view: View,
    output_geometry: str,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """
    Find the road in the output geometry.

    :param label_map: which ids are road
    :param labels: the label image of the output geometry; used, and needed, where ``threshold``
        is 0
    :param road_probability: uint8 [input_height, input_width], 255 is certain; used, and needed,
        where ``threshold`` is over 0. It is scaled up before it is compared: smooth edges
    :param threshold: least probability of road, 0..1; 0 takes the road ids of the labels
    :param out: uint8 [H, W] that may be filled; None for new memory
    :returns: uint8 [H, W] of the output geometry: 255 on the road, 0 elsewhere and where the
        network saw no camera pixel
    :raises ValueError: if the threshold is out of range or the image that it needs is None
    """
    if not 0.0 <= threshold <= 1.0:
        raise ValueError(f'road threshold {threshold}; expected 0.0 to 1.0')
    if threshold == 0.0:
        if labels is None:
            raise ValueError('a road mask with threshold 0 needs labels; found None')
        return label_map.road_mask(labels, out)
    if road_probability is None:
        raise ValueError(
            f'a road mask with threshold {threshold} needs road_probability; found None; '
            'open the engine with that output'
        )
    probability = _place(road_probability, view, output_geometry, outside=0, smooth=True)
    # The small term keeps 0.2 * 255 = 51.00000000000001 from becoming 52.
    least = max(1, math.ceil(threshold * 255 - 1e-6))
    return cv2.threshold(probability, least - 1, 255, cv2.THRESH_BINARY)[1]


def overlay(
    image: np.ndarray,
    label_map: LabelMap,
    labels: np.ndarray | None,
    road_mask: np.ndarray | None,
    *,
    alpha: float,
    mode: str,
) -> np.ndarray:
    """
    Paint a segmentation over the image it was made of.

    :param image: uint8 [H, W, 3], BGR; never written to
    :param label_map: palette and void ids
    :param labels: uint8 [H, W] in the image's geometry; needed by the mode ``palette``. Pixels
        that are unlabeled, void or of no class keep the image's colour
    :param road_mask: uint8 [H, W], 0 or 255; needed by the mode ``road``
    :param alpha: weight of the paint, 0..1
    :param mode: one of :data:`OVERLAY_MODES`
    :returns: new uint8 [H, W, 3], BGR
    :raises ValueError: if the mode is unknown or the image that it needs is None or another size
    """
    if mode not in OVERLAY_MODES:
        raise ValueError(f'overlay mode {mode!r}; expected one of {OVERLAY_MODES}')
    if not 0.0 <= alpha <= 1.0:
        raise ValueError(f'overlay alpha {alpha}; expected 0.0 to 1.0')
    name, painted = ('labels', labels) if mode == 'palette' else ('road_mask', road_mask)
    if painted is None or painted.shape != image.shape[:2]:
        found = 'None' if painted is None else f'shape {painted.shape}'
        raise ValueError(
            f'overlay mode {mode!r} with {name} of {found}; expected shape {image.shape[:2]}'
        )
    if mode == 'palette':
        return _blend_classes(image, label_map, painted, alpha)
    return _tint_road(image, painted, alpha)


def _blend_classes(
    image: np.ndarray, label_map: LabelMap, labels: np.ndarray, alpha: float
) -> np.ndarray:
    unpainted = np.full(256, 255, np.uint8)
    unpainted[list(label_map.valid_ids)] = 0
    paint = label_map.colorize(labels)
    blended = cv2.addWeighted(image, 1.0 - alpha, paint, alpha, 0.0)
    # copyTo writes the image's own pixels where the mask is not 0, and keeps the others.
    return cv2.copyTo(image, cv2.LUT(labels, unpainted), blended)


def _tint_road(image: np.ndarray, mask: np.ndarray, alpha: float) -> np.ndarray:
    paint = _filled(image.shape, _ROAD_TINT)
    tinted = cv2.addWeighted(image, 1.0 - alpha, paint, alpha, 0.0)
    painted = cv2.copyTo(tinted, mask, image.copy())
    # The outline lies inside the road and is 2 pixels wide at 480 rows; the erosion's border is
    # road, so the image's edge has none.
    width = max(1, round(image.shape[0] / 240))
    kernel = np.ones((2 * width + 1, 2 * width + 1), np.uint8)
    outline = cv2.subtract(mask, cv2.erode(mask, kernel))
    return cv2.copyTo(_filled(image.shape, _ROAD_OUTLINE), outline, painted)


def _filled(shape: tuple[int, ...], colour: tuple[int, int, int]) -> np.ndarray:
    # np.full takes 7 ms for a 1280x720 image of one colour, this 0.1 ms.
    filled = np.empty(shape, np.uint8)
    return cv2.rectangle(filled, (0, 0), (shape[1] - 1, shape[0] - 1), colour, cv2.FILLED)


def scale_camera_matrices(
    k: np.ndarray, p: np.ndarray, matrix: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """
    Bring a camera's matrices to an image that was scaled, cropped or padded.

    :param k: intrinsic matrix, float64 [3, 3] or [9]
    :param p: projection matrix, float64 [3, 4] or [12]
    :param matrix: float64 [3, 3], old to new coordinates of pixel centres: ``View.matrix()``
    :returns: float64 [3, 3] ``matrix @ k`` and float64 [3, 4] ``matrix @ p``
    """
    k = np.asarray(k, np.float64).reshape(3, 3)
    p = np.asarray(p, np.float64).reshape(3, 4)
    return matrix @ k, matrix @ p


def _place(
    image: np.ndarray,
    view: View,
    output_geometry: str,
    *,
    outside: int,
    smooth: bool,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Bring a network image to the output geometry, with ``outside`` where it saw no camera."""
    if output_geometry == 'camera':
        return view.backward(image, outside, smooth=smooth, out=out)
    if output_geometry != 'network':
        raise ValueError(
            f'output geometry {output_geometry!r}; expected one of {OUTPUT_GEOMETRIES}'
        )
    u, v, width, height = view.target
    if (height, width) == view.input_size:
        return image
    placed = np.full(view.input_size, outside, np.uint8)
    placed[v : v + height, u : u + width] = image[v : v + height, u : u + width]
    return placed
