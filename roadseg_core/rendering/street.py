"""The street in plan: its curved centre line, cross section and side streets, and its maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .config import DriveConfig
from .layouts import LAYOUTS

BEHIND = 70.0
"""Metres of street furnished behind the start of the drive."""

AHEAD = 150.0
"""Metres of street furnished beyond the end of the drive."""

LANE = 3.4
"""Width of a lane in metres."""

_CURVE = 270.0
_STEP = 0.01
_MARGIN = 400.0
_LARGEST_SIDE = 30_000


@dataclass(frozen=True)
class Junction:
    """A side street across the road: where its middle is, and its half width, in metres."""

    s: float
    half: float


class Street:
    """
    Map between street coordinates and the world.

    ``s`` runs along the world's x axis, ``d`` is the distance to the left of the centre line;
    x = s, y = centre(s) + d / cos(heading(s)). The mapping is exactly invertible, so truth
    and pictures agree. Metres throughout.
    """

    def __init__(self, config: DriveConfig) -> None:
        self.layout = LAYOUTS[config.layout]
        rng = config.generator('street')
        self.first = -BEHIND
        self.last = config.seconds * self.layout.speed * 1.1 + AHEAD
        self._origin = self.first - _MARGIN
        count = int((self.last - self.first + 2 * _MARGIN) / _STEP)
        s = self._origin + _STEP * np.arange(count)
        slope = np.zeros(count)
        centre = np.zeros(count)
        for share, length in ((1.0, 1.0), (0.3, 0.53)):
            wave = 2 * np.pi / (_CURVE * length * rng.uniform(0.9, 1.15))
            phase = rng.uniform(0, 2 * np.pi)
            swing = share * self.layout.curve * rng.uniform(0.7, 1.1)
            centre += swing * np.sin(wave * s + phase)
            slope += swing * wave * np.cos(wave * s + phase)
        self._centre = centre.astype(np.float32)
        self._cosine = (1.0 / np.hypot(1.0, slope)).astype(np.float32)
        self._heading = np.arctan(slope).astype(np.float32)
        self.junctions = self._place_junctions(rng)

    def _place_junctions(self, rng: np.random.Generator) -> tuple[Junction, ...]:
        found = []
        s = self.first + rng.uniform(20, 80)
        while self.layout.junctions and s < self.last - 10:
            found.append(Junction(float(s), float(rng.uniform(3.0, 4.2))))
            s += rng.uniform(65, 115)
        return tuple(found)

    @property
    def road_half(self) -> float:
        """Half width of the carriageway, parking lanes included."""
        return self.layout.lanes * LANE + self.layout.parking

    @property
    def walk_start(self) -> float:
        """Distance from the centre line to the inner edge of the sidewalk."""
        return self.road_half + self.layout.verge

    @property
    def walk_end(self) -> float:
        """Distance from the centre line to the outer edge of the sidewalk."""
        return self.walk_start + self.layout.sidewalk

    @property
    def building_line(self) -> float:
        """Distance from the centre line to the fronts of the buildings."""
        return self.walk_end + self.layout.setback

    @property
    def side(self) -> float:
        """The sign of d of the own lanes: -1 where traffic keeps to the right."""
        return 1.0 if self.layout.left_hand else -1.0

    def lane(self, number: int) -> float:
        """Return d of the middle of an own lane, 0 next to the centre line."""
        return self.side * LANE * (number + 0.5)

    def in_junction(self, s: float, margin: float = 0.0) -> bool:
        """Return whether ``s`` lies in a side street or within ``margin`` of one."""
        return any(abs(s - junction.s) < junction.half + margin for junction in self.junctions)

    def heading(self, s: float) -> float:
        """Return the direction of the road at ``s`` in radians, 0 along the x axis."""
        return float(self._heading.take(self._indices(np.float64(s)), mode='clip'))

    def points(self, plan: np.ndarray) -> np.ndarray:
        """Return float64 [..., 3], world points on the ground, of [..., 2], (s, d)."""
        s, d = np.moveaxis(np.asarray(plan, np.float64), -1, 0)
        index = self._indices(s)
        y = self._centre.take(index, mode='clip') + d / self._cosine.take(index, mode='clip')
        return np.stack([s, y, 0 * s], axis=-1)

    def from_world(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return (s, d) of world points, arrays of any one shape."""
        index = self._indices(x)
        # Clipping here is quicker than before, on all the pixels of a picture.
        d = y - self._centre.take(index, mode='clip')
        d *= self._cosine.take(index, mode='clip')
        return x, d

    def _indices(self, s: np.ndarray) -> np.ndarray:
        scaled = s - s.dtype.type(self._origin)
        scaled *= s.dtype.type(1 / _STEP)
        return scaled.astype(np.int32)


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
        return cls(street.first, -reach, texel, round(2 * reach / texel), round(length / texel))

    def texels(self, plan: np.ndarray) -> np.ndarray:
        """Return [N, 2] fractional (column, row) of [N, 2] points (s, d); centres are whole."""
        return (np.asarray(plan, np.float64) - (self.first, self.low)) / self.texel - 0.5

    def part(self, start: float, stop: float, low: float, high: float) -> tuple[slice, slice]:
        """Return rows and columns from ``start`` to ``stop`` along s and ``low`` to ``high``."""
        edges = np.rint(self.texels([(start, low), (stop, high)]) + 0.5).astype(int)
        (left, top), (right, bottom) = edges.clip(0, (self.columns, self.rows))
        return slice(top, bottom), slice(left, right)
