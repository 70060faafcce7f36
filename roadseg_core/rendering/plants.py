"""Pictures of trees and bushes with transparency."""

from __future__ import annotations

import cv2
import numpy as np

from .noise import fractal_noise
from .texture import Texture

_SIZE = 320


def make_leafy_tree(rng: np.random.Generator) -> Texture:
    """Return a tree in leaf as high as the picture, its crown lit from above."""
    centre = np.array([0.5, 0.36]) * _SIZE
    spread = np.array([rng.uniform(0.27, 0.38), rng.uniform(0.24, 0.31)]) * _SIZE
    crown = np.zeros((_SIZE, _SIZE), np.uint8)
    for _ in range(60):
        angle, radius = rng.uniform(0, 2 * np.pi), np.sqrt(rng.random()) * 0.85
        place = centre + spread * radius * np.array([np.cos(angle), np.sin(angle)])
        cv2.circle(crown, tuple(int(v) for v in place), int(rng.uniform(14, 30)), 255, -1)
    ragged = fractal_noise(rng, _SIZE, _SIZE, ((26, 26), (9, 9), (4, 4)))
    soft = cv2.GaussianBlur(crown, (0, 0), 8).astype(np.float32) / 255
    leaves = (soft + 0.17 * ragged) > 0.52
    holes = fractal_noise(rng, _SIZE, _SIZE, ((14, 14), (5, 5))) > 2.1
    leaves &= ~holes & (soft > 0.3)
    tone = fractal_noise(rng, _SIZE, _SIZE, ((40, 40), (14, 14), (5, 5), (2, 2)))
    height = (np.arange(_SIZE) / _SIZE)[:, None]
    light = 1.18 - 0.75 * height + 0.34 * tone
    green = np.array([46, 82, 68]) * rng.uniform(0.75, 1.15) * (1 + rng.normal(0, 0.08, 3))
    pixels = np.empty((_SIZE, _SIZE, 4), np.uint8)
    pixels[..., :3] = (green * light[..., None]).clip(6, 200)
    pixels[..., 3] = leaves * 255
    _trunk(rng, pixels, 0.46)
    return Texture(pixels)


def make_bare_tree(rng: np.random.Generator) -> Texture:
    """Return a tree without leaves as high as the picture."""
    opacity = np.zeros((_SIZE, _SIZE), np.uint8)
    stack = [(np.array([0.5, 1.0]) * _SIZE, -np.pi / 2, 0.21 * _SIZE, 8.0)]
    while stack:
        start, angle, length, thick = stack.pop()
        end = start + length * np.array([np.cos(angle), np.sin(angle)])
        ends = [tuple((point * 8).astype(int).tolist()) for point in (start, end)]
        cv2.line(opacity, *ends, 255 if thick > 1 else 170, max(1, round(thick)), cv2.LINE_AA, 3)
        if length > 9:
            for _ in range(int(rng.integers(2, 4))):
                # Branches reach for the light: none hangs far below level.
                turn = np.clip(angle + rng.normal(0, 0.5), -np.pi + 0.1, -0.1)
                stack.append((end, turn, length * rng.uniform(0.62, 0.85), thick * 0.62))
    pixels = np.empty((_SIZE, _SIZE, 4), np.uint8)
    noise = fractal_noise(rng, _SIZE, _SIZE, ((20, 6), (4, 2)))
    pixels[..., :3] = (np.array([58, 66, 74]) * (1 + 0.25 * noise[..., None])).clip(4, 150)
    pixels[..., 3] = opacity
    return Texture(pixels)


def make_bush(rng: np.random.Generator) -> Texture:
    """Return a bush as wide and high as the picture."""
    size = 128
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size
    ragged = fractal_noise(rng, size, size, ((18, 18), (7, 7), (3, 3)))
    round_ = 1 - np.hypot((x - 0.5) / 0.46, (y - 0.62) / 0.48)
    tone = fractal_noise(rng, size, size, ((20, 20), (6, 6), (2, 2)))
    green = np.array([44, 78, 68]) * rng.uniform(0.7, 1.1)
    pixels = np.empty((size, size, 4), np.uint8)
    light = 1.25 - 0.8 * y + 0.3 * tone
    pixels[..., :3] = (green * light[..., None]).clip(5, 190)
    pixels[..., 3] = (round_ + 0.12 * ragged > 0.05) * 255
    return Texture(pixels)


def _trunk(rng: np.random.Generator, pixels: np.ndarray, top: float) -> None:
    rows = np.arange(int(top * _SIZE), _SIZE)
    lean = rng.uniform(-0.03, 0.03) * _SIZE
    for row in rows:
        share = (row - rows[0]) / len(rows)
        middle = _SIZE * 0.5 + lean * (1 - share)
        half = _SIZE * (0.014 + 0.010 * share)
        part = slice(int(middle - half), int(middle + half) + 1)
        covered = (pixels[row, part, 3] == 255) & (share < 0.25)
        bark = np.linspace(1.15, 0.6, part.stop - part.start)[:, None]
        colour = np.array([52, 60, 68]) * bark * rng.uniform(0.95, 1.05)
        pixels[row, part, :3] = np.where(covered[:, None], pixels[row, part, :3], colour)
        pixels[row, part, 3] = 255
