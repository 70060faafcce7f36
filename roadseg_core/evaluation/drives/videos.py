"""Videos of a bag's overlays, one for each camera, at the rate they were recorded at."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from roadseg_core.evaluation.drives.stages import Behind
from roadseg_core.report.video import video_file

_SAMPLE = 12
"""Frames whose stamps tell the rate; they wait for it in memory."""

_BEHIND = 8
"""Frames that may wait to be encoded."""

_DEFAULT_FPS, _FASTEST = 10.0, 120.0


class Videos:
    """
    Write ``<camera>.mp4`` files in a thread of their own; use it as a context.

    A block that fails leaves none.

    :param folder: where they go
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: dict[str, list[tuple[int, np.ndarray]]] = {}
        self._open: dict[str, Callable[[np.ndarray], None]] = {}
        self._stack = ExitStack()
        self._encoder = Behind(_BEHIND)

    def __enter__(self) -> Videos:
        return self

    def write(self, camera: str, stamp_ns: int, overlay: np.ndarray) -> None:
        """
        Add a frame, which is encoded later.

        :param overlay: uint8 [H, W, 3], BGR
        :raises OSError: if the video cannot be written, or an earlier frame could not
        """
        self._encoder.call(self._write, camera, stamp_ns, overlay)

    def _write(self, camera: str, stamp_ns: int, overlay: np.ndarray) -> None:
        if camera in self._open:
            self._open[camera](overlay)
            return
        waiting = self._waiting.setdefault(camera, [])
        waiting.append((stamp_ns, overlay))
        if len(waiting) == _SAMPLE:
            self._start(camera)

    def __exit__(self, *failure: object) -> None:
        try:
            with self._encoder as encoder:
                if failure[0] is None:
                    encoder.call(lambda: [self._start(camera) for camera in list(self._waiting)])
                    encoder.finish()
        except BaseException as error:
            self._stack.__exit__(type(error), error, error.__traceback__)
            raise
        self._stack.__exit__(*failure)

    def _start(self, camera: str) -> None:
        frames = self._waiting.pop(camera)
        self._open[camera] = self._stack.enter_context(
            video_file(
                self._folder / f'{camera}.mp4',
                frame_rate([stamp for stamp, _ in frames]),
            )
        )
        for _, overlay in frames:
            self._open[camera](overlay)


def frame_rate(stamps_ns: list[int]) -> float:
    """Return the frames/s of a camera by the median distance of its stamps."""
    steps = np.diff(np.asarray(stamps_ns, np.int64))
    steps = steps[steps > 0]
    if not len(steps):
        return _DEFAULT_FPS
    return round(float(min(_FASTEST, 1e9 / np.median(steps))), 3)
