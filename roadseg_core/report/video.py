"""Write MP4 videos, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import cv2
import numpy as np

from roadseg_core.files import write_atomically

CODECS = ('vp09', 'mp4v')
"""In order: the first plays in browsers too; the second is 30 times as fast and in every OpenCV."""


class VideoFile:
    """
    Write frames to an MP4 file; use it as a context.

    All frames take the size of the first, brought to even numbers. A block that fails leaves no
    file, as does one without frames.

    :param path: the file to write
    :param fps: frames/s of the video
    :param codecs: the first that OpenCV has is taken
    """

    def __init__(self, path: str | Path, fps: float, *, codecs: tuple[str, ...] = CODECS) -> None:
        self._codecs = codecs
        self._path = Path(path)
        self._whole = write_atomically(self._path)
        self._fps = fps
        self._size: tuple[int, int] | None = None
        self._writer: cv2.VideoWriter | None = None

    def __enter__(self) -> VideoFile:
        self._temporary = self._whole.__enter__()
        return self

    def write(self, image: np.ndarray) -> None:
        """
        Add a frame.

        :param image: uint8 [H, W, 3], BGR
        :raises OSError: if OpenCV can write no such video here
        """
        if self._writer is None:
            self._size = (image.shape[1] // 2 * 2, image.shape[0] // 2 * 2)
            self._writer = self._open(self._size)
        if (image.shape[1], image.shape[0]) != self._size:
            image = cv2.resize(image, self._size, interpolation=cv2.INTER_AREA)
        self._writer.write(image)

    def _open(self, size: tuple[int, int]) -> cv2.VideoWriter:
        for codec in self._codecs:
            writer = cv2.VideoWriter(
                str(self._temporary), cv2.VideoWriter_fourcc(*codec), self._fps, size
            )
            if writer.isOpened():
                return writer
        raise OSError(
            f'{self._path}: OpenCV {cv2.__version__} writes no MP4 of {size[0]}x'
            f'{size[1]} pixels with {" or ".join(self._codecs)}'
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._writer is not None:
            self._writer.release()
        damaged = kind is None and self._writer is not None and not _is_whole(self._temporary)
        if damaged:
            error = OSError(None, 'the video could not be written to its end', str(self._path))
            kind = type(error)
        self._whole.__exit__(kind, error, trace)
        if damaged:
            raise error


def _is_whole(path: Path) -> bool:
    # OpenCV does not say that a disk is full; without its end an MP4 file cannot be read.
    video = cv2.VideoCapture(str(path))
    try:
        return video.isOpened() and video.grab()
    finally:
        video.release()
