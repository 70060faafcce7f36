"""A video file as a camera."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2

from roadseg_core.bags.cdr import BILLION
from roadseg_core.sources.folder_source import DEFAULT_FPS, FIRST_STAMP_NS
from roadseg_core.sources.source import Picture, SourceError, SourceFrame


class VideoSource:
    """
    Read the frames of a video file; stamps count by its frame rate.

    :raises SourceError: if OpenCV reads no frame of it
    """

    compressed = False

    def __init__(self, path: Path) -> None:
        self.path = path
        capture = self._open()
        fps = capture.get(cv2.CAP_PROP_FPS)
        count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        readable, _ = capture.read()
        capture.release()
        if not readable:
            raise SourceError(
                f'{path} opens as a video but holds no frame that can be decoded; is it complete?'
            )
        self.period_ns = round(BILLION / (fps if 0.0 < fps <= 1000.0 else DEFAULT_FPS))
        self.description = f'video of about {count} frames at {BILLION / self.period_ns:.5g} fps'

    def frames(self) -> Iterator[SourceFrame]:
        """Yield the frames."""
        capture = self._open()
        try:
            index = 0
            while True:
                readable, image = capture.read()
                if not readable:
                    return
                time_ns = index * self.period_ns
                yield SourceFrame(time_ns, FIRST_STAMP_NS + time_ns, Picture(image))
                index += 1
        finally:
            capture.release()

    def _open(self) -> cv2.VideoCapture:
        capture = cv2.VideoCapture(str(self.path))
        if not capture.isOpened():
            raise SourceError(
                f'{self.path} is no video that OpenCV can read, and no bag (.mcap, .db3 or a '
                'folder with metadata.yaml); give one of these or a folder of images'
            )
        return capture
