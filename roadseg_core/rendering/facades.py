"""Textures of walls: facades with windows, shops, brick, hedges, roofs."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .noise import fractal_noise
from .texture import Texture

_DENSITY = 26
"""Texels a metre."""

FLOOR = 3.1
"""Metres from one floor to the next."""

_WALLS = np.array(
    [
        (96, 122, 148),
        (72, 92, 132),
        (138, 152, 160),
        (112, 128, 138),
        (168, 180, 186),
        (86, 104, 120),
        (120, 142, 158),
        (70, 80, 98),
        (146, 150, 152),
        (104, 108, 112),
    ],
    float,
)
_SIGNS = np.array(
    [
        (50, 50, 60),
        (70, 40, 30),
        (40, 40, 130),
        (50, 80, 40),
        (120, 100, 60),
        (150, 150, 150),
        (40, 110, 150),
    ],
    float,
)


@dataclass(frozen=True)
class Facade:
    """A front with the size it stands for, and the blank wall beside it (metres)."""

    front: Texture
    side: Texture
    roof: Texture
    width: float
    height: float


def make_facade(rng: np.random.Generator, kind: str, floors: int) -> Facade:
    """
    Return a facade of a kind: ``terrace``, ``block`` or ``house``.

    :raises ValueError: if the kind is unknown
    """
    if kind not in ('terrace', 'block', 'house'):
        raise ValueError(f'unknown kind of building {kind!r}; expected terrace, block or house')
    bays = int(rng.integers(2, 5)) if kind != 'block' else int(rng.integers(4, 9))
    bay = float(rng.uniform(2.2, 3.4))
    width = bays * bay
    height = floors * FLOOR + 0.6
    wall = _WALLS[rng.integers(len(_WALLS))] * rng.uniform(0.9, 1.35)
    front = _wall(rng, width, height, wall)
    shop = kind != 'house' and rng.random() < (0.65 if kind == 'terrace' else 0.4)
    window = (bay * rng.uniform(0.38, 0.66), rng.uniform(1.3, 1.9))
    if kind == 'block' and rng.random() < 0.35:
        window = (bay * 0.9, 1.9)
    trim = wall * rng.uniform(0.75, 1.45)
    for floor in range(floors):
        if floor == 0 and shop:
            _shop(rng, front, width, height)
            continue
        base = floor * FLOOR + 0.95
        door = int(rng.integers(bays)) if floor == 0 else -1
        for column in range(bays):
            middle = (column + 0.5) * bay
            if column == door:
                _rect(front, middle - 0.6, 0.0, middle + 0.6, 2.4, trim, height)
                colour = _SIGNS[rng.integers(len(_SIGNS))]
                _rect(front, middle - 0.5, 0.0, middle + 0.5, 2.2, colour, height)
            else:
                _window(rng, front, middle, base, window, trim, height)
    for level in range(1, floors + 1):
        if rng.random() < 0.4:
            _rect(front, 0, level * FLOOR - 0.1, width, level * FLOOR + 0.05, trim, height)
    _rect(front, 0, height - 0.3, width, height, wall * 0.75, height)
    front[-int(0.5 * _DENSITY) :] = (front[-int(0.5 * _DENSITY) :] * 0.8).astype(np.uint8)
    side = _wall(rng, 8.0, height, wall * rng.uniform(0.85, 1.0))
    for floor in range(1, floors):
        if rng.random() < 0.5:
            _window(rng, side, 4.0, floor * FLOOR + 0.95, window, trim, height)
    roof = _wall(
        rng, 8.0, 4.0, np.array([(62, 66, 84), (70, 72, 74), (60, 74, 112)][rng.integers(3)], float)
    )
    roof[::10] = (roof[::10] * 0.75).astype(np.uint8)
    return Facade(Texture(front), Texture(side), Texture(roof), width, height)


def make_hedge(rng: np.random.Generator) -> Texture:
    """Return leaves, for 4 x 1.5 metres."""
    noise = fractal_noise(rng, 96, 256, ((24, 24), (8, 8), (3, 3), (1.5, 1.5)))
    colour = np.array([40, 70, 60]) * (1 + 0.38 * noise[..., None])
    return Texture(colour.clip(6, 190).astype(np.uint8))


def make_fence(rng: np.random.Generator) -> Texture:
    """Return a low wall or a board fence, for 4 x 1.2 metres."""
    pixels = _wall(rng, 4.0, 1.2, _WALLS[rng.integers(len(_WALLS))] * 0.85)
    if rng.random() < 0.5:
        pixels[:, ::5] = (pixels[:, ::5] * 0.6).astype(np.uint8)
    else:
        pixels[:3] = np.minimum(pixels[:3].astype(int) + 25, 255).astype(np.uint8)
    return Texture(pixels)


def _wall(rng: np.random.Generator, width: float, height: float, colour: np.ndarray) -> np.ndarray:
    rows, columns = round(height * _DENSITY), round(width * _DENSITY)
    noise = fractal_noise(rng, rows, columns, ((60, 90), (20, 14), (5, 4)))
    bricks = rng.standard_normal((rows // 2 + 1, columns // 4 + 1)).astype(np.float32)
    bricks = cv2.resize(bricks, (columns, rows), interpolation=cv2.INTER_NEAREST)
    strength = rng.uniform(0.01, 0.07)
    return (
        (colour * (1 + 0.06 * noise + strength * bricks)[..., None]).clip(4, 245).astype(np.uint8)
    )


def _rect(
    pixels: np.ndarray,
    left: float,
    low: float,
    right: float,
    high: float,
    colour: np.ndarray,
    height: float,
) -> None:
    """Fill a rectangle; metres from the lower left corner."""
    rows = slice(
        max(0, round((height - high) * _DENSITY)), max(0, round((height - low) * _DENSITY))
    )
    columns = slice(max(0, round(left * _DENSITY)), max(0, round(right * _DENSITY)))
    pixels[rows, columns] = np.clip(colour, 0, 250).astype(np.uint8)


def _glass(rng: np.random.Generator) -> np.ndarray:
    """Return a colour of glass: dark rooms, some reflecting the sky, some with curtains."""
    draw = rng.random()
    if draw < 0.62:
        return np.array([54, 48, 44]) * rng.uniform(0.6, 1.3)
    if draw < 0.85:
        return np.array([138, 126, 114]) * rng.uniform(0.7, 1.2)
    return np.array([120, 134, 142]) * rng.uniform(0.7, 1.15)


def _window(
    rng: np.random.Generator,
    pixels: np.ndarray,
    middle: float,
    base: float,
    size: tuple[float, float],
    trim: np.ndarray,
    height: float,
) -> None:
    half = size[0] / 2
    top = min(base + size[1], height - 0.4)
    _rect(pixels, middle - half - 0.1, base - 0.14, middle + half + 0.1, top + 0.1, trim, height)
    glass = _glass(rng)
    _rect(pixels, middle - half, base, middle + half, top, glass * 0.8, height)
    _rect(pixels, middle - half, base, middle + half, top - 0.15, glass, height)
    frame = np.array([170, 172, 172.0]) if trim.mean() < 150 else trim * 0.8
    _rect(pixels, middle - 0.03, base, middle + 0.03, top, frame, height)
    sash = base + (top - base) * 0.5
    _rect(pixels, middle - half, sash - 0.03, middle + half, sash + 0.03, frame, height)


def _shop(rng: np.random.Generator, pixels: np.ndarray, width: float, height: float) -> None:
    colour = _SIGNS[rng.integers(len(_SIGNS))] * rng.uniform(0.7, 1.2)
    _rect(pixels, 0.1, 0.0, width - 0.1, FLOOR, colour * 0.7, height)
    _rect(pixels, 0.1, FLOOR - 0.65, width - 0.1, FLOOR - 0.05, colour, height)
    letter = colour + (120 if colour.mean() < 110 else -80)
    left = width * rng.uniform(0.15, 0.35)
    while left < width * 0.7:
        step = rng.uniform(0.12, 0.3)
        _rect(pixels, left, FLOOR - 0.48, left + step, FLOOR - 0.22, letter, height)
        left += step + 0.08
    left = 0.3
    while left < width - 0.8:
        step = min(rng.uniform(1.0, 2.4), width - 0.3 - left)
        _rect(pixels, left, 0.45, left + step - 0.12, FLOOR - 0.75, _glass(rng), height)
        for _ in range(4):
            x, y = rng.uniform(left, left + step - 0.4), rng.uniform(0.5, 1.6)
            item = rng.uniform(30, 150) * rng.uniform(0.7, 1.3, 3)
            _rect(pixels, x, y, x + rng.uniform(0.1, 0.3), y + rng.uniform(0.1, 0.6), item, height)
        left += step
