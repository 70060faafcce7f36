"""What a camera does to the light: vignette, exposure, tone curve, blur, noise."""

from __future__ import annotations

import cv2
import numpy as np

from .config import DriveConfig
from .light import Mood

_MARGIN = 61


class Sensor:
    """The imperfections of a camera of this size, the same all drive but for the noise."""

    def __init__(self, config: DriveConfig) -> None:
        height, width = config.height, config.width
        rng = config.generator('sensor')
        y = np.linspace(-1, 1, height)[:, None] * height / width
        x = np.linspace(-1, 1, width)[None]
        fall = 1.0 - rng.uniform(0.08, 0.2) * (x * x + y * y)
        self._vignette = cv2.merge([np.round(fall * 255).clip(0, 255).astype(np.uint8)] * 3)
        shape = (height + _MARGIN, width + _MARGIN)
        luma = rng.standard_normal(shape, np.float32) * np.float32(rng.uniform(1.0, 2.6))
        chroma = rng.standard_normal((*shape, 3), np.float32) * np.float32(0.9)
        self._noise = np.round(
            cv2.GaussianBlur(luma, (3, 3), 0.55)[..., None] * 1.4 + chroma
        ).astype(np.int8)
        self._blur = float(rng.uniform(0.35, 0.65)) * max(1.0, width / 800)
        self._contrast = float(rng.uniform(0.05, 0.35))

    def expose(self, image: np.ndarray, mood: Mood, rng: np.random.Generator) -> np.ndarray:
        """Return the picture (uint8 [H, W, 3], BGR) as the camera delivers it."""
        seen = cv2.GaussianBlur(image, (3, 3), self._blur)
        seen = cv2.multiply(seen, self._vignette, scale=1 / 255)
        seen = cv2.LUT(seen, self._curve(mood))
        top, left = rng.integers(0, _MARGIN, 2)
        height, width = image.shape[:2]
        noise = self._noise[top : top + height, left : left + width]
        return cv2.add(seen, noise, dtype=cv2.CV_8U)

    def _curve(self, mood: Mood) -> np.ndarray:
        """Return uint8 [1, 256, 3]: gains, then a tone curve with deep shadows."""
        values = np.arange(256)[:, None] / 255.0 * mood.exposure * np.array(mood.tint)
        values = np.minimum(values, 1.0)
        curved = values * values * (3 - 2 * values)
        mixed = values + self._contrast * (curved - values)
        # A roll-off keeps light walls apart from the sky, which may clip.
        return np.round(255 * mixed.clip(0, 1)).astype(np.uint8)[None]
