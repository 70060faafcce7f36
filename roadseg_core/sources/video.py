"""Read video files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from roadseg_core.bags.cdr import BILLION
from roadseg_core.bags.records import SourceError
from roadseg_core.sources.camera_bag import CameraBag
from roadseg_core.sources.pictures import DEFAULT_FPS


def video_bag(path: Path, *, camera: str = 'front') -> CameraBag:
    """
    Return a video file as a bag; stamps count by its frame rate.

    :raises SourceError: if OpenCV reads no frame of it
    """
    capture = _open(path)
    fps = capture.get(cv2.CAP_PROP_FPS)
    count = max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
    readable = capture.grab()
    capture.release()
    if not readable:
        raise SourceError(
            f'{path} opens as a video but holds no frame that can be decoded; is it complete?'
        )
    return CameraBag(
        path,
        'video',
        camera,
        lambda: _frames(path),
        compressed=False,
        period_ns=round(BILLION / (fps if 0.0 < fps <= 1000.0 else DEFAULT_FPS)),
        count=count,
    )


def _frames(path: Path) -> Iterator[tuple[str, np.ndarray, str]]:
    capture = _open(path)
    try:
        while True:
            readable, image = capture.read()
            if not readable:
                return
            yield '', image, ''
    finally:
        capture.release()


def _open(path: Path) -> cv2.VideoCapture:
    capture = cv2.VideoCapture(str(path))
    if not capture.isOpened():
        raise SourceError(
            f'{path} is no video or picture that OpenCV can read, and no bag (.mcap, .db3 or a '
            'folder of them); give one of these'
        )
    return capture
