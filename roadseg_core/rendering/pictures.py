"""Draw what stands upright: facades with windows and shops, roofs, hedges, trees."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .texture import Texture, fractal_noise, palette

_DENSITY = 26
"""Texels a metre."""

_TREE = 320
"""Texels of a tree's width and height."""

_TRUNK = 0.46
"""Share of a tree's height where the trunk ends, from above."""

_FLOOR = 3.1
"""Metres from one floor to the next."""

_FLOORS = {'house': (1, 2), 'terrace': (2, 4), 'block': (3, 6)}
"""Fewest and most floors of each kind of building."""

_WALLS = palette(
    '96,122,148 72,92,132 138,152,160 112,128,138 168,180,186 '
    '86,104,120 120,142,158 70,80,98 146,150,152 104,108,112'
)
_SIGNS = palette('50,50,60 70,40,30 40,40,130 50,80,40 120,100,60 150,150,150 40,110,150')
_ROOFS = palette('62,66,84 70,72,74 60,74,112')
_DARK_GLASS, _MIRROR_GLASS, _CURTAINS = palette('54,48,44 138,126,114 120,134,142')


@dataclass(frozen=True)
class Facade:
    """A front with the size it stands for, and the wall and roof beside it (metres)."""

    front: Texture
    side: Texture
    roof: Texture
    width: float
    height: float
    pitched: bool


class _Wall:
    """A wall being painted; metres from its lower left corner."""

    def __init__(
        self, rng: np.random.Generator, width: float, height: float, colour: np.ndarray
    ) -> None:
        self._rng = rng
        self._height = height
        rows, columns = round(height * _DENSITY), round(width * _DENSITY)
        noise = 0.06 * fractal_noise(rng, rows, columns, ((60, 90), (20, 14), (5, 4)))
        bricks = rng.standard_normal((rows // 2 + 1, columns // 4 + 1)).astype(np.float32)
        bricks = cv2.resize(bricks, (columns, rows), interpolation=cv2.INTER_NEAREST)
        noise += rng.uniform(0.01, 0.07) * bricks
        self.pixels = (colour * (1 + noise[..., None])).clip(4, 245).astype(np.uint8)

    def fill(self, left: float, low: float, right: float, high: float, colour: np.ndarray) -> None:
        """Fill a rectangle."""
        top, bottom, first, last = (
            max(0, round(edge * _DENSITY))
            for edge in (self._height - high, self._height - low, left, right)
        )
        self.pixels[top:bottom, first:last] = np.clip(colour, 0, 250).astype(np.uint8)

    def window(
        self, middle: float, base: float, size: tuple[float, float], trim: np.ndarray
    ) -> None:
        """Add a window with its frame."""
        left, right = middle - size[0] / 2, middle + size[0] / 2
        top = min(base + size[1], self._height - 0.4)
        self.fill(left - 0.1, base - 0.14, right + 0.1, top + 0.1, trim)
        glass = self._glass()
        self.fill(left, base, right, top, glass * 0.8)
        self.fill(left, base, right, top - 0.15, glass)
        frame = np.array([170, 172, 172.0]) if trim.mean() < 150 else trim * 0.8
        self.fill(middle - 0.03, base, middle + 0.03, top, frame)
        sash = (base + top) / 2
        self.fill(left, sash - 0.03, right, sash + 0.03, frame)

    def shop(self, width: float) -> None:
        """Make the ground floor a shop: its sign with letters, and its windows."""
        rng = self._rng
        colour = _SIGNS[rng.integers(len(_SIGNS))] * rng.uniform(0.7, 1.2)
        self.fill(0.1, 0.0, width - 0.1, _FLOOR, colour * 0.7)
        self.fill(0.1, _FLOOR - 0.65, width - 0.1, _FLOOR - 0.05, colour)
        letter = colour + (120 if colour.mean() < 110 else -80)
        left = width * rng.uniform(0.15, 0.35)
        while left < width * 0.7:
            step = rng.uniform(0.12, 0.3)
            self.fill(left, _FLOOR - 0.48, left + step, _FLOOR - 0.22, letter)
            left += step + 0.08
        left = 0.3
        while left < width - 0.8:
            step = min(rng.uniform(1.0, 2.4), width - 0.3 - left)
            self.fill(left, 0.45, left + step - 0.12, _FLOOR - 0.75, self._glass())
            left += step

    def _glass(self) -> np.ndarray:
        """Return a colour of glass: dark rooms, some reflecting the sky, some with curtains."""
        draw = self._rng.random()
        if draw < 0.62:
            return _DARK_GLASS * self._rng.uniform(0.6, 1.3)
        return (_MIRROR_GLASS if draw < 0.85 else _CURTAINS) * self._rng.uniform(0.7, 1.2)


def make_facade(rng: np.random.Generator, kind: str) -> Facade:
    """Return a facade of a kind: ``terrace``, ``block`` or ``house``."""
    low, high = _FLOORS[kind]
    floors = int(rng.integers(low, high + 1))
    bays = int(rng.integers(2, 5)) if kind != 'block' else int(rng.integers(4, 9))
    bay = float(rng.uniform(2.2, 3.4))
    width, height = bays * bay, floors * _FLOOR + 0.6
    colour = _WALLS[rng.integers(len(_WALLS))] * rng.uniform(0.9, 1.35)
    front = _Wall(rng, width, height, colour)
    shop = kind != 'house' and rng.random() < (0.65 if kind == 'terrace' else 0.4)
    window = (bay * rng.uniform(0.38, 0.66), rng.uniform(1.3, 1.9))
    trim = colour * rng.uniform(0.75, 1.45)
    if shop:
        front.shop(width)
    for floor in range(shop, floors):
        door = int(rng.integers(bays)) if floor == 0 else -1
        for column in range(bays):
            middle = (column + 0.5) * bay
            if column == door:
                front.fill(middle - 0.6, 0.0, middle + 0.6, 2.4, trim)
                paint = _SIGNS[rng.integers(len(_SIGNS))]
                front.fill(middle - 0.5, 0.0, middle + 0.5, 2.2, paint)
            else:
                front.window(middle, floor * _FLOOR + 0.95, window, trim)
    front.fill(0, height - 0.3, width, height, colour * 0.75)
    side = _Wall(rng, 8.0, height, colour * rng.uniform(0.85, 1.0))
    for floor in range(1, floors):
        if rng.random() < 0.5:
            side.window(4.0, floor * _FLOOR + 0.95, window, trim)
    roof = _Wall(rng, 8.0, 4.0, _ROOFS[rng.integers(len(_ROOFS))]).pixels
    roof[::10] = roof[::10] * 0.75
    pictures = (Texture(pixels) for pixels in (front.pixels, side.pixels, roof))
    pitched = kind == 'house' or (kind == 'terrace' and rng.random() < 0.5)
    return Facade(*pictures, width, height, pitched)


def make_hedge(rng: np.random.Generator) -> Texture:
    """Return leaves, for 4 x 1.5 metres."""
    noise = fractal_noise(rng, 96, 256, ((24, 24), (8, 8), (3, 3), (1.5, 1.5)))
    colour = np.array([40, 70, 60]) * (1 + 0.38 * noise[..., None])
    return Texture(colour.clip(6, 190).astype(np.uint8))


def make_tree(rng: np.random.Generator) -> Texture:
    """Return a tree in leaf as high as the picture, its crown lit from above."""
    spread = rng.uniform((0.27, 0.24), (0.38, 0.31)) * _TREE
    centre = np.array([0.5, 0.36]) * _TREE
    crown = np.zeros((_TREE, _TREE), np.uint8)
    cv2.circle(crown, centre.astype(int).tolist(), int(0.5 * spread.min()), 255, -1)
    for _ in range(60):
        angle, radius = rng.uniform(0, 2 * np.pi), np.sqrt(rng.random()) * 0.85
        place = centre + spread * radius * np.array([np.cos(angle), np.sin(angle)])
        cv2.circle(crown, place.astype(int).tolist(), int(rng.uniform(14, 30)), 255, -1)
    ragged = fractal_noise(rng, _TREE, _TREE, ((26, 26), (9, 9), (4, 4)))
    soft = cv2.GaussianBlur(crown, (0, 0), 8).astype(np.float32) / 255
    holes = fractal_noise(rng, _TREE, _TREE, ((14, 14), (5, 5))) > 2.1
    leaves = (soft + 0.17 * ragged > 0.52) & (soft > 0.3) & ~holes
    tone = fractal_noise(rng, _TREE, _TREE, ((40, 40), (14, 14), (5, 5), (2, 2)))
    light = 1.18 - 0.75 * (np.arange(_TREE) / _TREE)[:, None] + 0.34 * tone
    green = np.array([46, 82, 68]) * rng.uniform(0.75, 1.15) * (1 + rng.normal(0, 0.08, 3))
    pixels = np.empty((_TREE, _TREE, 4), np.uint8)
    pixels[..., :3] = (green * light[..., None]).clip(6, 200)
    pixels[..., 3] = leaves * 255
    for row in range(int(_TRUNK * _TREE), _TREE):
        share = (row / _TREE - _TRUNK) / (1 - _TRUNK)
        half = _TREE * (0.014 + 0.010 * share)
        part = slice(int(_TREE / 2 - half), int(_TREE / 2 + half) + 1)
        # Leaves hang before the upper trunk.
        covered = leaves[row, part, None] & (share < 0.25)
        bark = np.linspace(1.15, 0.6, part.stop - part.start)[:, None]
        colour = np.array([52, 60, 68]) * bark * rng.uniform(0.95, 1.05)
        pixels[row, part, :3] = np.where(covered, pixels[row, part, :3], colour)
        pixels[row, part, 3] = 255
    return Texture(pixels)
