"""Compare the frames per second of an engine with what cameras need."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EngineRate:
    """What an engine does alone, without conversion and publishing: frames/s in batches."""

    frames_per_second: float
    batch: int

    def covers(self, cameras: int, fps: float) -> bool:
        """Tell whether the engine keeps up with this many cameras, each at this many frames/s."""
        return self.frames_per_second >= cameras * fps

    def compared(self, cameras: int, fps: float) -> str:
        """Say in a line whether the engine keeps up."""
        return (
            f'engine alone does {self.frames_per_second:.0f} frames/s in batches of '
            f'{self.batch}: {"enough" if self.covers(cameras, fps) else "NOT enough"} for '
            f'{cameras} x {fps:g} = {cameras * fps:g} frames/s'
        )
