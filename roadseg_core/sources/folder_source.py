"""A folder of images as a camera."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2

from roadseg_core.bags.cdr import BILLION
from roadseg_core.sources.source import (
    EncodedPicture,
    Payload,
    Picture,
    SourceError,
    SourceFrame,
    Unreadable,
)

DEFAULT_FPS = 15.0
FIRST_STAMP_NS = BILLION
"""Stamp of the first frame where nothing was recorded: ROS takes 0 for "no time"."""

_FORMATS = {'.jpg': 'jpeg', '.jpeg': 'jpeg', '.png': 'png'}
IMAGE_SUFFIXES = (*_FORMATS, '.bmp', '.tif', '.tiff', '.ppm', '.pgm', '.webp')


def image_files(folder: Path) -> list[Path]:
    """Return the image files of a folder, sorted by name."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()
    )


class FolderSource:
    """
    Read the images of a folder, sorted by name.

    :param path: the folder
    :param fps: frames per second that the stamps count by
    :raises SourceError: if the folder holds no image
    """

    def __init__(self, path: Path, *, fps: float = DEFAULT_FPS) -> None:
        self.path = path
        self._files = image_files(path)
        if not self._files:
            raise SourceError(
                f'{path} holds no images ({", ".join(IMAGE_SUFFIXES)}) and no metadata.yaml of '
                'a bag; name a folder that does'
            )
        self.period_ns = round(BILLION / fps)
        self.compressed = all(file.suffix.lower() in _FORMATS for file in self._files)
        self.description = f'folder of {len(self._files)} images'

    def frames(self) -> Iterator[SourceFrame]:
        """Yield the images."""
        for index, file in enumerate(self._files):
            time_ns = index * self.period_ns
            yield SourceFrame(time_ns, FIRST_STAMP_NS + time_ns, _read(file))


def _read(file: Path) -> Payload:
    try:
        data = file.read_bytes()
    except OSError as error:
        return Unreadable(str(file), str(error))
    file_format = _FORMATS.get(file.suffix.lower())
    if file_format:
        return EncodedPicture(data, file_format)
    image = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if image is None:
        return Unreadable(str(file), 'no image that OpenCV can read')
    return Picture(image)
