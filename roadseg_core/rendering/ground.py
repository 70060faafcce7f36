"""Maps of the ground in street coordinates, and how a camera samples them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .camera import Camera
from .street import Street

_LARGEST_SIDE = 30_000
_MOST_HALVINGS = 7


@dataclass(frozen=True)
class Grid:
    """
    Say how a map's texels lie on the street: columns along s, rows along d (metres).

    :param first: s of the map's left edge
    :param low: d of the map's upper edge
    :param texel: length of a texel's side
    """

    first: float
    low: float
    texel: float
    rows: int
    columns: int

    @classmethod
    def over(cls, street: Street, reach: float, texel: float) -> Grid:
        """Return the grid over all the furnished street, ``reach`` metres to both sides."""
        length = street.last - street.first
        texel = max(texel, length / _LARGEST_SIDE)
        return cls(
            first=street.first,
            low=-reach,
            texel=texel,
            rows=round(2 * reach / texel),
            columns=round(length / texel),
        )

    def texels(self, plan: np.ndarray) -> np.ndarray:
        """Return [N, 2] fractional (column, row) of [N, 2] points (s, d); centres are whole."""
        return (np.asarray(plan, np.float64) - (self.first, self.low)) / self.texel - 0.5

    def row(self, d: float) -> int:
        """Return the first row at or beyond ``d``, clipped to the map."""
        return int(np.clip(round((d - self.low) / self.texel), 0, self.rows))

    def column(self, s: float) -> int:
        """Return the first column at or beyond ``s``, clipped to the map."""
        return int(np.clip(round((s - self.first) / self.texel), 0, self.columns))


class GroundMap:
    """
    A picture of the ground that is sampled without flicker at any distance.

    Each camera row has a footprint on the ground, long and narrow far away; copies of the
    map, halved in one or both directions, are made when first needed.
    """

    def __init__(self, texels: np.ndarray, grid: Grid) -> None:
        self._grid = grid
        self._levels = {(0, 0): texels}

    def sample(self, bands: GroundBands, s: np.ndarray, d: np.ndarray) -> np.ndarray:
        """Return the map's colours at ``s``, ``d`` (float32 [rows, W]), rows as in ``bands``."""
        base = self._levels[0, 0]
        out = np.empty((*s.shape, *base.shape[2:]), np.uint8)
        limit = _LARGEST_SIDE * self._grid.texel
        for start, stop, along, across in bands.levels(self._grid.texel):
            level = self._level(along, across)
            column = np.clip(s[start:stop] - self._grid.first, -10, limit)
            row = np.clip(d[start:stop] - self._grid.low, -10, limit)
            column *= 1 / (self._grid.texel * 2**along)
            row *= 1 / (self._grid.texel * 2**across)
            out[start:stop] = cv2.remap(
                level, column - 0.5, row - 0.5, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            )
        return out

    def lookup(self, s: np.ndarray, d: np.ndarray) -> np.ndarray:
        """Return the texel that holds each point, unfiltered: for truth."""
        base = self._levels[0, 0]
        column = np.clip((s - self._grid.first) * (1 / self._grid.texel), 0, base.shape[1] - 1)
        row = np.clip((d - self._grid.low) * (1 / self._grid.texel), 0, base.shape[0] - 1)
        return base[row.astype(np.int32), column.astype(np.int32)]

    def _level(self, along: int, across: int) -> np.ndarray:
        if (along, across) not in self._levels:
            source = self._level(along - (along > across), across - (along <= across))
            size = (
                max(1, source.shape[1] // (2 if along > across else 1)),
                max(1, source.shape[0] // (1 if along > across else 2)),
            )
            self._levels[along, across] = cv2.resize(source, size, interpolation=cv2.INTER_AREA)
        return self._levels[along, across]


class GroundBands:
    """The rows of a camera below the horizon, grouped by their footprint on the ground."""

    def __init__(self, camera: Camera) -> None:
        middle = camera.width // 2
        x, y = camera.ground_x[:, middle], camera.ground_y[:, middle]
        if len(x) < 2:
            raise ValueError(f'camera {camera.name} sees no ground')
        self.along_view = np.hypot(np.gradient(x), np.gradient(y))
        self.across_view = camera.depth / camera.intrinsics.fx
        self._looks_along = abs(np.cos(camera.yaw)) > 0.7
        self._cache: dict[float, list[tuple[int, int, int, int]]] = {}

    def levels(self, texel: float) -> list[tuple[int, int, int, int]]:
        """Return (start, stop, halvings along s, halvings across) covering all rows."""
        if texel not in self._cache:
            self._cache[texel] = self._group(texel)
        return self._cache[texel]

    def _group(self, texel: float) -> list[tuple[int, int, int, int]]:
        long = np.clip(np.floor(np.log2(self.along_view / texel) + 0.4), 0, _MOST_HALVINGS)
        wide = np.clip(np.floor(np.log2(self.across_view / texel) + 0.4), 0, _MOST_HALVINGS)
        pairs = np.stack([long, wide] if self._looks_along else [wide, long], axis=1).astype(int)
        cuts = [0, *(np.flatnonzero(np.any(np.diff(pairs, axis=0), axis=1)) + 1), len(pairs)]
        return [
            (int(start), int(stop), int(pairs[start, 0]), int(pairs[start, 1]))
            for start, stop in zip(cuts[:-1], cuts[1:], strict=True)
        ]
