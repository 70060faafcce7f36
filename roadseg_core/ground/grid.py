"""A grid divides the ground around the vehicle into square cells."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass

import numpy as np

UNKNOWN = -1
"""Value of a cell of which nothing is known: behind what ends a ray, beside, unseen, too old."""

END = 100
"""Value of a cell where a ray ends at a class that is not road."""

LEAST_SURE = 49
"""Value of a cell of road whose probability is 0; 0 is the value of the surest road."""

_MOST_CELLS = 4_000_000


@dataclass(frozen=True)
class GridSpec:
    """
    Say which cells there are; metres in ``base_link`` (x forward, y left).

    Arrays of cells are int8 [rows, columns] in the order of nav_msgs/OccupancyGrid: columns along
    x, rows along y, the first cell at the origin, which is the corner of least x and y.

    :param length: along x
    :param width: along y
    :param resolution: side of a cell
    :param x: of the grid's middle, as ``y``
    :raises ValueError: for lengths that give no grid, or one of over 4 million cells
    """

    length: float = 40.0
    width: float = 40.0
    resolution: float = 0.1
    x: float = 0.0
    y: float = 0.0

    def __post_init__(self) -> None:
        values = astuple(self)
        if not all(map(math.isfinite, values)) or min(values[:3]) <= 0:
            raise ValueError(
                f'ground grid of {self.length} x {self.width} m in cells of {self.resolution} m '
                f'around ({self.x}, {self.y}); expected finite lengths over 0'
            )
        if not 1 <= self.rows * self.columns <= _MOST_CELLS:
            raise ValueError(
                f'ground grid of {self.columns} x {self.rows} cells; expected 1 to '
                f'{_MOST_CELLS:,} in all; choose another size or resolution'
            )

    @property
    def rows(self) -> int:
        """Cells along y."""
        return round(self.width / self.resolution)

    @property
    def columns(self) -> int:
        """Cells along x."""
        return round(self.length / self.resolution)

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of an array of the cells: (rows, columns)."""
        return self.rows, self.columns

    @property
    def origin(self) -> tuple[float, float]:
        """Outer corner (x, y) of the first cell."""
        half = self.resolution / 2
        return self.x - self.columns * half, self.y - self.rows * half

    def centres(self) -> np.ndarray:
        """Return float64 [rows, columns, 2]: x and y of the cells' middles."""
        left, low = self.origin
        x = left + (np.arange(self.columns) + 0.5) * self.resolution
        y = low + (np.arange(self.rows) + 0.5) * self.resolution
        return np.stack(np.meshgrid(x, y), axis=-1)

    def cells_of(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """
        Return the cells that points lie in.

        :param points: [N, 2], x and y
        :returns: int64 [N], index into the flat cells, of no meaning where bool [N] is False:
            outside the grid
        """
        column, row = np.floor((points - self.origin) / self.resolution).astype(np.int64).T
        inside = (column >= 0) & (column < self.columns) & (row >= 0) & (row < self.rows)
        return row * self.columns + column, inside

    def empty(self) -> np.ndarray:
        """Return int8 [rows, columns] of cells of which nothing is known."""
        return np.full(self.shape, UNKNOWN, np.int8)
