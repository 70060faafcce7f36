"""Pictures of trees with transparency."""

from __future__ import annotations

import cv2
import numpy as np

from .texture import Texture, fractal_noise

_SIZE = 320
_TRUNK = 0.46
"""Share of the height where the trunk ends, from above."""


def make_tree(rng: np.random.Generator) -> Texture:
    """Return a tree in leaf as high as the picture, its crown lit from above."""
    spread = rng.uniform((0.27, 0.24), (0.38, 0.31)) * _SIZE
    centre = np.array([0.5, 0.36]) * _SIZE
    crown = np.zeros((_SIZE, _SIZE), np.uint8)
    cv2.circle(crown, centre.astype(int).tolist(), int(0.5 * spread.min()), 255, -1)
    for _ in range(60):
        angle, radius = rng.uniform(0, 2 * np.pi), np.sqrt(rng.random()) * 0.85
        place = centre + spread * radius * np.array([np.cos(angle), np.sin(angle)])
        cv2.circle(crown, place.astype(int).tolist(), int(rng.uniform(14, 30)), 255, -1)
    ragged = fractal_noise(rng, _SIZE, _SIZE, ((26, 26), (9, 9), (4, 4)))
    soft = cv2.GaussianBlur(crown, (0, 0), 8).astype(np.float32) / 255
    holes = fractal_noise(rng, _SIZE, _SIZE, ((14, 14), (5, 5))) > 2.1
    leaves = (soft + 0.17 * ragged > 0.52) & (soft > 0.3) & ~holes
    tone = fractal_noise(rng, _SIZE, _SIZE, ((40, 40), (14, 14), (5, 5), (2, 2)))
    light = 1.18 - 0.75 * (np.arange(_SIZE) / _SIZE)[:, None] + 0.34 * tone
    green = np.array([46, 82, 68]) * rng.uniform(0.75, 1.15) * (1 + rng.normal(0, 0.08, 3))
    pixels = np.empty((_SIZE, _SIZE, 4), np.uint8)
    pixels[..., :3] = (green * light[..., None]).clip(6, 200)
    pixels[..., 3] = leaves * 255
    for row in range(int(_TRUNK * _SIZE), _SIZE):
        share = (row / _SIZE - _TRUNK) / (1 - _TRUNK)
        half = _SIZE * (0.014 + 0.010 * share)
        part = slice(int(_SIZE / 2 - half), int(_SIZE / 2 + half) + 1)
        # Leaves hang before the upper trunk.
        covered = leaves[row, part, None] & (share < 0.25)
        bark = np.linspace(1.15, 0.6, part.stop - part.start)[:, None]
        colour = np.array([52, 60, 68]) * bark * rng.uniform(0.95, 1.05)
        pixels[row, part, :3] = np.where(covered, pixels[row, part, :3], colour)
        pixels[row, part, 3] = 255
    return Texture(pixels)
