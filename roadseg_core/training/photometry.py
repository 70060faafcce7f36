"""Random changes of light and camera; labels stay as they are."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class Augmentation:
    """
    Say how far samples are changed; 0 everywhere changes nothing but the size.

    :param flip: probability of mirroring left and right
    :param crop: probability of a random cut-out rather than the whole frame
    :param area: cut-outs keep a share between these two of the largest one of their aspect
    :param aspect: cut-outs have width / height between these two
    :param gamma: largest change of the exponent, as a factor's logarithm
    :param gain: largest change of brightness, as a factor's logarithm
    :param contrast: largest change of the distance from the mean grey, as a share
    :param tint: largest change of one colour channel, as a factor's logarithm
    :param offset: largest change of the black level, in grey levels
    :param saturation: largest change of saturation, as a share
    :param hue: largest turn of the hue, in degrees
    :param noise: largest standard deviation of pixel noise, in grey levels
    :param blur: probability of a slight blur
    :param shadow: probability of the shadow of something beside the road
    """

    flip: float = 0.0
    crop: float = 0.0
    area: tuple[float, float] = (0.3, 1.0)
    aspect: tuple[float, float] = (1.2, 2.4)
    gamma: float = 0.0
    gain: float = 0.0
    contrast: float = 0.0
    tint: float = 0.0
    offset: float = 0.0
    saturation: float = 0.0
    hue: float = 0.0
    noise: float = 0.0
    blur: float = 0.0
    shadow: float = 0.0


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


def _normal_quantiles() -> np.ndarray:
    """Return float [256]: normal numbers such that each is as likely as any other."""
    from statistics import NormalDist

    return np.array([NormalDist().inv_cdf((i + 0.5) / 256) for i in range(256)])


_QUANTILES = _normal_quantiles()


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
