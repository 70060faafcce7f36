"""Model the camera sensor: blur, vignette, exposure and noise."""

from __future__ import annotations

import cv2
import numpy as np

from .config import DriveConfig

_MARGIN = 61


class Sensor:
    """The imperfections of a camera of this size, the same all drive but for the noise."""

    def __init__(self, config: DriveConfig) -> None:
        height, width = config.height, config.width
        rng = config.generator('sensor')
        y = np.linspace(-1, 1, height)[:, None] * height / width
        x = np.linspace(-1, 1, width)[None]
        fall = 1.0 - rng.uniform(0.08, 0.2) * (x * x + y * y)
        self._vignette = np.round(fall * 255).clip(0, 255).astype(np.uint8)
        shape = (height + _MARGIN, width + _MARGIN)
        luma = rng.standard_normal(shape, np.float32) * np.float32(rng.uniform(1.0, 2.6))
        chroma = rng.standard_normal((*shape, 3), np.float32) * np.float32(0.9)
        noise = cv2.GaussianBlur(luma, (3, 3), 0.55)[..., None] * 1.4 + chroma
        self._noise = np.round(128 + noise).astype(np.uint8)
        self._blur = float(rng.uniform(0.35, 0.65)) * max(1.0, width / 800)

    def expose(self, image: np.ndarray, gain: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """
        Return the picture (uint8 [H, W, 3], BGR) as the camera delivers it.

        :param gain: float64 [3], BGR: exposure and tint
        """
        blurred = cv2.split(cv2.GaussianBlur(image, (3, 3), self._blur))
        seen = cv2.merge(
            [
                cv2.multiply(part, self._vignette, scale=part_gain / 255)
                for part, part_gain in zip(blurred, gain.tolist())
            ]
        )
        top, left = rng.integers(0, _MARGIN, 2)
        noise = self._noise[top : top + image.shape[0], left : left + image.shape[1]]
        return cv2.addWeighted(seen, 1, noise, 1, -128)
