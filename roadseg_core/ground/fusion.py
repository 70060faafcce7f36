"""Fuse the newest grids of several cameras into one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from roadseg_core.ground.grid import GridSpec


@dataclass(frozen=True)
class StampedGrid:
    """
    Hold a camera's grid and the time of its frame.

    :param cells: int8 [rows, columns], values as :mod:`.grid` has them
    """

    cells: np.ndarray
    stamp_ns: int


@dataclass(frozen=True)
class FusedGrid:
    """
    Hold what several cameras say together.

    :param cells: int8 [rows, columns]
    :param stamp_ns: of the oldest frame in it; None where there is none
    :param used: names of the cameras in it, sorted
    :param dropped: names of the cameras whose newest frame is too old, or not of this time
    """

    cells: np.ndarray
    stamp_ns: int | None
    used: tuple[str, ...]
    dropped: tuple[str, ...]


def fuse(
    grids: Mapping[str, StampedGrid], spec: GridSpec, *, now_ns: int, max_age_ns: int
) -> FusedGrid:
    """
    Fuse the newest grid of each camera; nothing depends on their order.

    Each cell has the largest of its values: an end of a ray outdoes road, the less sure of two
    roads the surer, and anything what is unknown.

    :param grids: by camera
    :param now_ns: the time now, on the clock of the stamps
    :param max_age_ns: frames that are further from now, before or after, are left out
    :raises ValueError: if a grid has another shape than ``spec``
    """
    used = {
        name: grid
        for name, grid in sorted(grids.items())
        if abs(now_ns - grid.stamp_ns) <= max_age_ns
    }
    cells = spec.empty()
    for name, grid in used.items():
        if grid.cells.shape != cells.shape:
            raise ValueError(
                f'grid of {name} with cells {grid.cells.shape}; expected {cells.shape}'
            )
        np.maximum(cells, grid.cells, out=cells)
    stamp_ns = min((grid.stamp_ns for grid in used.values()), default=None)
    return FusedGrid(cells, stamp_ns, tuple(used), tuple(sorted(set(grids) - set(used))))
