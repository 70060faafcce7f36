"""How the texels of a map lie on the street."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .street import Street

_LARGEST_SIDE = 30_000


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

    def row(self, d: float) -> int:
        """Return the first row at or beyond ``d``, clipped to the map."""
        return int(np.clip(round((d - self.low) / self.texel), 0, self.rows))

    def column(self, s: float) -> int:
        """Return the first column at or beyond ``s``, clipped to the map."""
        return int(np.clip(round((s - self.first) / self.texel), 0, self.columns))
