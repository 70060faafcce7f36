"""Write frames.jsonl and timings.jsonl: one line per frame, always in the same order."""

from __future__ import annotations

import json
import shutil
from array import array
from collections.abc import Iterable
from pathlib import Path

from roadseg_core.files import write_atomically


def rounded(value: float | None) -> float | None:
    """Return a float as the files hold it."""
    return None if value is None else round(float(value), 6)


class RowFile:
    """
    Write rows of one bag in any order; :meth:`close` leaves them sorted.

    The rows go to disk at once; only where each begins is kept.

    :raises OSError: from any method, if the disk is full
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._loose = path.with_name(f'{path.name}.loose')
        self._file = self._loose.open('w+b')
        self._keys: dict[str, tuple[array, array]] = {}
        self._end = 0

    def add(self, row: dict[str, object]) -> None:
        """Add a row; it names its camera, stamp_ns and index."""
        line = (json.dumps(row, separators=(',', ':'), allow_nan=False) + '\n').encode()
        order, places = self._keys.setdefault(row['camera'], (array('q'), array('q')))
        order.extend((row['stamp_ns'], row['index']))
        places.extend((self._end, len(line)))
        self._file.write(line)
        self._end += len(line)

    def close(self) -> None:
        """Sort the rows by camera, stamp and index, into the file."""
        try:
            with self.path.open('wb') as target:
                for camera in sorted(self._keys):
                    order, places = self._keys[camera]
                    numbers = sorted(
                        range(len(order) // 2), key=lambda n: (order[2 * n], order[2 * n + 1])
                    )
                    for number in numbers:
                        self._file.seek(places[2 * number])
                        target.write(self._file.read(places[2 * number + 1]))
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Drop the loose rows."""
        self._file.close()
        self._loose.unlink(missing_ok=True)


def concatenate(parts: Iterable[Path], into: Path) -> None:
    """Write files one after another into a file, under a temporary name until it is whole."""
    with write_atomically(into) as temporary, temporary.open('wb') as target:
        for part in parts:
            with part.open('rb') as source:
                shutil.copyfileobj(source, target)
