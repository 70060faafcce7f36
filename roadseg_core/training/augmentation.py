"""Random changes that stand in for other cameras, roads and light."""

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
    :param tint: largest change of one colour channel, as a factor's logarithm
    :param offset: largest change of the black level, in grey levels
    :param saturation: largest change of saturation, as a share
    :param noise: largest standard deviation of pixel noise, in grey levels
    :param blur: probability of a slight blur
    """

    flip: float = 0.0
    crop: float = 0.0
    area: tuple[float, float] = (0.3, 1.0)
    aspect: tuple[float, float] = (1.2, 2.4)
    gamma: float = 0.0
    gain: float = 0.0
    tint: float = 0.0
    offset: float = 0.0
    saturation: float = 0.0
    noise: float = 0.0
    blur: float = 0.0


def augment(image: np.ndarray, labels: np.ndarray, *, size: tuple[int, int],
            augmentation: Augmentation,
            rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """
    Draw one sample from a frame.

    :param image: uint8 [H, W, 3], BGR
    :param labels: uint8 [H, W]
    :param size: (height, width) of the sample; the cut-out is stretched to it
    :returns: uint8 [height, width, 3] and uint8 [height, width]
    """
    if rng.random() < augmentation.crop:
        top, left, height, width = _cut_out(labels.shape, augmentation, rng)
        image = image[top:top + height, left:left + width]
        labels = labels[top:top + height, left:left + width]
    target = (size[1], size[0])
    # As geometry.View.forward does: area averaging when shrinking by more than two.
    shrinks = labels.shape[0] > 2 * size[0] or labels.shape[1] > 2 * size[1]
    image = cv2.resize(image, target,
                       interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    labels = cv2.resize(labels, target, interpolation=cv2.INTER_NEAREST_EXACT)
    if rng.random() < augmentation.flip:
        image, labels = image[:, ::-1], labels[:, ::-1]
    return _change_light(image, augmentation, rng), np.ascontiguousarray(labels)


def _cut_out(shape: tuple[int, ...], augmentation: Augmentation,
             rng: np.random.Generator) -> tuple[int, int, int, int]:
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


def _change_light(image: np.ndarray, augmentation: Augmentation,
                  rng: np.random.Generator) -> np.ndarray:
    """Change gamma, gain, tint, black level, saturation, sharpness and noise."""
    if augmentation.saturation:
        grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
        share = 1.0 + rng.uniform(-augmentation.saturation, augmentation.saturation)
        image = cv2.addWeighted(image, share, grey, 1.0 - share, 0.0)
    levels = np.linspace(0.0, 1.0, 256)[:, None]
    gamma = np.exp(rng.uniform(-augmentation.gamma, augmentation.gamma))
    gain = np.exp(rng.uniform(-augmentation.gain, augmentation.gain))
    tint = np.exp(rng.uniform(-augmentation.tint, augmentation.tint, 3))
    offset = rng.uniform(-augmentation.offset, augmentation.offset)
    curve = levels ** gamma * gain * tint * 255.0 + offset
    table = np.clip(np.rint(curve), 0, 255).astype(np.uint8)
    image = cv2.LUT(np.ascontiguousarray(image), table[:, None, :])
    if rng.random() < augmentation.blur:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 1.2))
    deviation = rng.uniform(0.0, augmentation.noise)
    if deviation > 0.5:
        noise = rng.standard_normal(image.shape, np.float32) * deviation
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    return image
