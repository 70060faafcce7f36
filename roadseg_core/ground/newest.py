"""The newest grid of each camera, fused where the cameras' clocks agree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from roadseg_core.ground.fusion import FusedGrid, StampedGrid, fuse
from roadseg_core.ground.grid import GridSpec


@dataclass(frozen=True)
class _Newest:
    """Hold a camera's newest grid, and when its frame arrived in steady nanoseconds."""

    grid: StampedGrid
    arrival_ns: int


class NewestGrids:
    """
    Keep the newest grid of each camera and fuse those that are of now.

    What "now" is on the clock of the stamps is told by the cameras themselves: recordings are
    played under their old stamps. A camera whose clock differs from the others' is left out.
    """

    def __init__(self, spec: GridSpec) -> None:
        self._spec = spec
        self._newest: dict[str, _Newest] = {}

    def put(self, camera: str, cells: np.ndarray, *, stamp_ns: int, arrival_ns: int) -> None:
        """
        Take a camera's newest grid.

        :param cells: int8 [rows, columns]
        :param stamp_ns: of its frame
        :param arrival_ns: when that arrived, in steady nanoseconds
        """
        self._newest[camera] = _Newest(StampedGrid(cells, stamp_ns), arrival_ns)

    def remove(self, camera: str) -> None:
        """Leave a camera out until its next grid."""
        self._newest.pop(camera, None)

    def fused(
        self, *, now_ns: int, clock_ns: int, max_age_ns: int
    ) -> tuple[FusedGrid, dict[str, str]]:
        """
        Fuse the grids that are not too old.

        :param now_ns: steady nanoseconds
        :param clock_ns: the node's clock at that moment
        :param max_age_ns: frames that are older, or ahead, by more are left out
        :returns: the fused grid, and why each camera that is not in it was left out
        """
        reasons = self.overdue(now_ns=now_ns, max_age_ns=max_age_ns)
        ahead = {name: self._ahead(name) for name in self._newest if name not in reasons}
        time_ns = now_ns + middle(ahead.values(), clock_ns - now_ns)
        grids = {name: one.grid for name, one in self._newest.items()}
        fused = fuse(grids, self._spec, now_ns=time_ns, max_age_ns=max_age_ns)
        for name in set(fused.dropped) - set(reasons):
            apart = (now_ns + ahead[name] - time_ns) / 1e9
            reasons[name] = (
                f'its stamps are {abs(apart):.1f} s {"ahead of" if apart > 0 else "behind"} '
                'the other cameras: set their clocks by one source'
            )
        return fused, reasons

    def overdue(self, *, now_ns: int, max_age_ns: int) -> dict[str, str]:
        """Return which cameras' newest frames are too old, and how old; from any thread."""
        ages = {name: now_ns - one.arrival_ns for name, one in self._newest.copy().items()}
        return {
            name: f'its newest frame is {age / 1e9:.1f} s old'
            for name, age in ages.items()
            if age > max_age_ns
        }

    def _ahead(self, camera: str) -> int:
        """Return how far a camera's stamps are ahead of the steady clock, in nanoseconds."""
        newest = self._newest[camera]
        return newest.grid.stamp_ns - newest.arrival_ns


def middle(votes: Iterable[int], casting: int) -> int:
    """Return the median of votes; where they are even in number, ``casting`` is one more."""
    ordered = sorted(votes)
    if len(ordered) % 2 == 0:
        ordered = sorted([*ordered, casting])
    return ordered[len(ordered) // 2]
