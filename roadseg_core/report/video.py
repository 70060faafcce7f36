"""Write MP4 videos, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

from roadseg_core.files import write_atomically

Write = Callable[[np.ndarray], None]

_VP9 = {'deadline': 'realtime', 'cpu-used': '8', 'crf': '32', 'b': '0'}
"""Of libvpx: one quality for all frames, at the speed of live video."""


@contextmanager
def video_file(path: Path, fps: float) -> Iterator[Write]:
    """
    Yield a function that adds a frame, uint8 [H, W, 3], BGR, to a new MP4 file.

    It is VP9, which browsers play, where PyAV is installed, and else OpenCV's MPEG-4, which they do
    not. All frames take the size of the first, brought to even numbers. A block that fails leaves
    no file, as does one without frames.

    :param fps: frames/s of the video
    :raises OSError: if the video cannot be written, or not to its end
    :raises ValueError: for a name that does not end in .mp4
    """
    if path.suffix.lower() != '.mp4':
        raise ValueError(f'{path}: expected a name that ends in .mp4')
    with write_atomically(path) as temporary:
        encode: Write | None = None
        size = (0, 0)
        with ExitStack() as stack:

            def write(image: np.ndarray) -> None:
                nonlocal encode, size
                if encode is None:
                    size = (image.shape[1] // 2 * 2, image.shape[0] // 2 * 2)
                    encode = stack.enter_context(_encoder(temporary, fps, size))
                if (image.shape[1], image.shape[0]) != size:
                    image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
                encode(image)

            yield write
        if encode is not None and not _is_whole(temporary):
            raise OSError(None, 'the video could not be written to its end', str(path))


def _encoder(path: Path, fps: float, size: tuple[int, int]) -> AbstractContextManager[Write]:
    return (_vp9 if find_spec('av') else _mpeg4)(path, fps, size)


@contextmanager
def _vp9(path: Path, fps: float, size: tuple[int, int]) -> Iterator[Write]:
    import av  # late: few evaluations write videos, and a vehicle does not have it

    try:
        with av.open(str(path), 'w', format='mp4') as video:
            rate = Fraction(fps).limit_denominator(1000)
            stream = video.add_stream('libvpx-vp9', rate=rate, options=_VP9)
            stream.width, stream.height = size
            stream.pix_fmt = 'yuv420p'
            # The engine needs the others.
            stream.codec_context.thread_count = 1
            yield lambda image: video.mux(stream.encode(av.VideoFrame.from_ndarray(image, 'bgr24')))
            video.mux(stream.encode())
    except av.FFmpegError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


@contextmanager
def _mpeg4(path: Path, fps: float, size: tuple[int, int]) -> Iterator[Write]:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'mp4v'), fps, size)
    if not writer.isOpened():
        raise OSError(
            f'{path}: OpenCV {cv2.__version__} writes no MP4 of {size[0]}x{size[1]} pixels here; '
            'with PyAV (pip install av) videos do not need it'
        )
    try:
        yield writer.write
    finally:
        writer.release()


def _is_whole(path: Path) -> bool:
    # OpenCV does not say that a disk is full; without its end an MP4 file cannot be read.
    video = cv2.VideoCapture(str(path))
    try:
        return video.isOpened() and video.grab()
    finally:
        video.release()
