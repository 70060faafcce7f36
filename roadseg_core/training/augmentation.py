"""Draw a sample from a frame: a random cut-out, mirrored and in another light."""

from __future__ import annotations

from statistics import NormalDist

import cv2
import numpy as np

from roadseg_core.training.config import Augmentation
from roadseg_core.training.placement import Placement


def augment(
    image: np.ndarray,
    labels: np.ndarray,
    *,
    placement: Placement,
    augmentation: Augmentation,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """
    Draw one sample from a frame.

    :param image: uint8 [H, W, 3], BGR
    :param labels: uint8 [H, W]
    :param placement: brings the frame, or the cut-out, to the size of the sample
    :returns: uint8 [height, width, 3] and uint8 [height, width]
    """
    if rng.random() < augmentation.crop:
        top, left, height, width = _cut_out(labels.shape, augmentation, rng)
        image = image[top : top + height, left : left + width]
        labels = labels[top : top + height, left : left + width]
        view = placement.view_of_part((height, width))
    else:
        view = placement.view(labels.shape)
    image, labels = view.forward(image), view.forward_labels(labels)
    if rng.random() < augmentation.flip:
        image, labels = cv2.flip(image, 1), cv2.flip(labels, 1)
    return change_light(image, augmentation, rng), labels


def _cut_out(
    shape: tuple[int, ...], augmentation: Augmentation, rng: np.random.Generator
) -> tuple[int, int, int, int]:
    """Draw (top, left, height, width) of a rectangle of random aspect inside the frame."""
    low, high = augmentation.aspect
    aspect = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    # The largest rectangle of this aspect, then a share of it.
    height = min(shape[0], shape[1] / aspect)
    share = np.sqrt(rng.uniform(*augmentation.area))
    height, width = max(1, int(height * share)), max(1, int(height * aspect * share))
    height, width = min(height, shape[0]), min(width, shape[1])
    top = int(rng.integers(0, shape[0] - height + 1))
    left = int(rng.integers(0, shape[1] - width + 1))
    return top, left, height, width


def change_light(
    image: np.ndarray, augmentation: Augmentation, rng: np.random.Generator
) -> np.ndarray:
    """
    Change shadow, hue, saturation, gamma, gain, contrast, tint, black level, blur and noise.

    :param image: uint8 [H, W, 3], BGR
    :returns: uint8 [H, W, 3]
    """
    if augmentation.shadow and rng.random() < augmentation.shadow:
        image = cast_shadow(image, rng)
    if augmentation.hue:
        image = turn_hue(image, rng.uniform(-augmentation.hue, augmentation.hue))
    if augmentation.saturation:
        grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
        share = 1.0 + rng.uniform(-augmentation.saturation, augmentation.saturation)
        image = cv2.addWeighted(image, share, grey, 1.0 - share, 0.0)
    image = cv2.LUT(np.ascontiguousarray(image), _curves(image, augmentation, rng))
    if rng.random() < augmentation.blur:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 1.2))
    deviation = rng.uniform(0.0, augmentation.noise)
    if deviation > 0.5:
        image = add_noise(image, deviation, rng)
    return image


def cast_shadow(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Darken a four-sided area that crosses the image, with an edge more or less sharp."""
    height, width = image.shape[:2]
    left, right = rng.uniform(-0.3, 1.0, 2) * width
    widths = rng.uniform(0.15, 0.7, 2) * width
    corners = np.array(
        [[left, 0], [left + widths[0], 0], [right + widths[1], height], [right, height]]
    )
    if rng.random() < 0.5:  # across the road, as of a tree or a bridge
        corners = corners[:, ::-1] * (width / height, height / width)
    light = np.full((height, width), 255, np.uint8)
    cv2.fillConvexPoly(light, corners.round().astype(np.int32), int(rng.uniform(90, 190)))
    light = cv2.blur(light, (int(rng.integers(1, max(2, width // 20))),) * 2)
    return cv2.multiply(image, cv2.cvtColor(light, cv2.COLOR_GRAY2BGR), scale=1.0 / 255.0)


def turn_hue(image: np.ndarray, degrees: float) -> np.ndarray:
    """Turn all hues; OpenCV counts them in steps of two degrees."""
    levels = np.arange(256)
    table = np.stack([(levels + round(degrees / 2.0)) % 180, levels, levels], axis=1)
    hsv = cv2.LUT(cv2.cvtColor(image, cv2.COLOR_BGR2HSV), table[:, None].astype(np.uint8))
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)


def add_noise(image: np.ndarray, deviation: float, rng: np.random.Generator) -> np.ndarray:
    """Add Gaussian noise of a standard deviation in grey levels."""
    # A random byte a value, and a table to normal numbers: a tenth of the time of drawing floats.
    table = np.rint(deviation * _QUANTILES).astype(np.int16)
    places = np.frombuffer(rng.bytes(image.size), np.uint8).reshape(image.shape)
    return cv2.add(image, cv2.LUT(places, table), dtype=cv2.CV_8U)


_QUANTILES = np.array([NormalDist().inv_cdf((i + 0.5) / 256) for i in range(256)])
"""Normal numbers such that each is as likely as any other."""


def _curves(image: np.ndarray, augmentation: Augmentation, rng: np.random.Generator) -> np.ndarray:
    """Return a table from old grey levels to new ones a channel, uint8 [256, 1, 3]."""
    levels = np.linspace(0.0, 1.0, 256)[:, None]
    gamma = np.exp(rng.uniform(-augmentation.gamma, augmentation.gamma))
    gain = np.exp(rng.uniform(-augmentation.gain, augmentation.gain))
    tint = np.exp(rng.uniform(-augmentation.tint, augmentation.tint, 3))
    offset = rng.uniform(-augmentation.offset, augmentation.offset)
    curve = levels**gamma * gain * tint * 255.0 + offset
    if augmentation.contrast:
        mean = image[::4, ::4].mean()
        share = 1.0 + rng.uniform(-augmentation.contrast, augmentation.contrast)
        curve = (curve - mean) * share + mean
    return np.clip(np.rint(curve), 0, 255).astype(np.uint8)[:, None, :]
