"""Select frames of a data set: those that are chosen, or that can be read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from roadseg_core.data.source import DataError, FrameSource, LabelledFrame


@dataclass(frozen=True)
class Selection:
    """
    Offer some frames of a source.

    :param source: the data set
    :param chosen: their indices there, in the order to offer them
    """

    source: FrameSource
    chosen: tuple[int, ...]

    @property
    def name(self) -> str:
        """Return the name of the data set."""
        return self.source.name

    @property
    def road_only(self) -> bool:
        """Tell whether truth is road or not road."""
        return self.source.road_only

    def __len__(self) -> int:
        return len(self.chosen)

    def load(self, index: int) -> LabelledFrame:
        """Load a frame by its index."""
        return self.source.load(self.chosen[index])

    def inputs(self) -> Iterator[Path]:
        """Yield the files that the frames depend on."""
        yield from self.source.inputs()


def readable_frames(source: FrameSource, chosen: Sequence[int]) -> tuple[list[int], list[str]]:
    """
    Read all chosen frames once.

    :returns: those that can be read, and why each of the others cannot
    """

    def why_not(index: int) -> str | None:
        try:
            source.load(index)
        except DataError as error:
            return str(error)
        return None

    # Decoding leaves Python's lock to others.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        reasons = list(pool.map(why_not, chosen))
    return (
        [index for index, reason in zip(chosen, reasons) if reason is None],
        [reason for reason in reasons if reason is not None],
    )
