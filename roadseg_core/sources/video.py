"""Video files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from roadseg_core.bags.cdr import BILLION
from roadseg_core.bags.records import SourceError
from roadseg_core.sources.camera_bag import CameraBag
from roadseg_core.sources.pictures import DEFAULT_FPS


class VideoBag(CameraBag):
    """
    Read the frames of a video file as a bag; stamps count by its frame rate.

    :raises SourceError: if OpenCV reads no frame of it
    """

    def __init__(self, path: Path, *, camera: str = 'front') -> None:
        self.path = path
        capture = self._open()
        fps = capture.get(cv2.CAP_PROP_FPS)
        count = max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
        readable = capture.grab()
        capture.release()
        if not readable:
            raise SourceError(
                f'{path} opens as a video but holds no frame that can be decoded; is it complete?'
            )
        super().__init__(
            path,
            'video',
            camera,
            compressed=False,
            period_ns=round(BILLION / (fps if 0.0 < fps <= 1000.0 else DEFAULT_FPS)),
            count=count,
        )

    def pictures(self) -> Iterator[tuple[str, np.ndarray, str]]:
        """Yield the frames."""
        capture = self._open()
        try:
            while True:
                readable, image = capture.read()
                if not readable:
                    return
                yield '', image, ''
        finally:
            capture.release()

    def _open(self) -> cv2.VideoCapture:
        capture = cv2.VideoCapture(str(self.path))
        if not capture.isOpened():
            raise SourceError(
                f'{self.path} is no video or picture that OpenCV can read, and no bag (.mcap, '
                '.db3 or a folder of them); give one of these'
            )
        return capture
