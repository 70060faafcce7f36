"""Write MP4 videos, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

from roadseg_core.files import write_atomically

CODECS = ('vp09', 'mp4v')
"""In order: the first plays in browsers too; the second is 30 times as fast and in every OpenCV."""


@contextmanager
def video_file(
    path: Path, fps: float, *, codecs: tuple[str, ...] = CODECS
) -> Iterator[Callable[[np.ndarray], None]]:
    """
    Yield a function that adds a frame, uint8 [H, W, 3], BGR, to a new MP4 file.

    All frames take the size of the first, brought to even numbers. A block that fails leaves no
    file, as does one without frames.

    :param fps: frames/s of the video
    :param codecs: the first that OpenCV has is taken
    :raises OSError: if OpenCV can write no such video here, or not to its end
    :raises ValueError: for a name that does not end in .mp4
    """
    if path.suffix.lower() != '.mp4':
        raise ValueError(f'{path}: expected a name that ends in .mp4')
    with write_atomically(path) as temporary:
        writer: cv2.VideoWriter | None = None
        size = (0, 0)

        def write(image: np.ndarray) -> None:
            nonlocal writer, size
            if writer is None:
                size = (image.shape[1] // 2 * 2, image.shape[0] // 2 * 2)
                writer = _open(path, temporary, fps, size, codecs)
            if (image.shape[1], image.shape[0]) != size:
                image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
            writer.write(image)

        try:
            yield write
        finally:
            if writer is not None:
                writer.release()
        if writer is not None and not _is_whole(temporary):
            raise OSError(None, 'the video could not be written to its end', str(path))


def _open(
    path: Path, temporary: Path, fps: float, size: tuple[int, int], codecs: tuple[str, ...]
) -> cv2.VideoWriter:
    for codec in codecs:
        writer = cv2.VideoWriter(str(temporary), cv2.VideoWriter_fourcc(*codec), fps, size)
        if writer.isOpened():
            return writer
    raise OSError(
        f'{path}: OpenCV {cv2.__version__} writes no MP4 of {size[0]}x{size[1]} pixels with '
        f'{" or ".join(codecs)}'
    )


def _is_whole(path: Path) -> bool:
    # OpenCV does not say that a disk is full; without its end an MP4 file cannot be read.
    video = cv2.VideoCapture(str(path))
    try:
        return video.isOpened() and video.grab()
    finally:
        video.release()
