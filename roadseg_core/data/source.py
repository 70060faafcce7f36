"""What every data set offers, labelled frames by index, and a selection of them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from roadseg_core.pipeline.conversion import ConversionError
from roadseg_core.pipeline.picture_file import read_picture

_BY = 'by --root (in training data.root=FOLDER) or the environment variable ROADSEG_DATA'


class DataError(ValueError):
    """A data set that is missing or broken; the message names the path and what to do."""


class NoSplitError(DataError):
    """A split that a data set has not, or that is not there; nothing is broken."""


@dataclass(frozen=True)
class LabelledFrame:
    """
    Hold one frame and its truth.

    :param name: what to call the frame in a report
    :param image: uint8 [H, W, 3], BGR
    :param labels: uint8 [H, W]: ids of the label map, :data:`NOT_ROAD` or ``labels.IGNORE``
    :param intrinsics: fx, fy, cx, cy in pixels, where one camera took all frames of its source
    """

    name: str
    image: np.ndarray
    labels: np.ndarray
    intrinsics: tuple[float, float, float, float] | None = None


class FrameSource(Protocol):
    """Labelled frames by index; ``road_only`` tells that truth is road or not road."""

    name: str
    road_only: bool

    def __len__(self) -> int:
        """Return the number of frames."""

    def load(self, index: int) -> LabelledFrame:
        """Read one frame; DataError if it cannot be read."""


def data_root(configured: str | None) -> Path:
    """
    Find the folder that holds the data sets, or the one data set or archive to use.

    :param configured: path from a configuration, or None for ``$ROADSEG_DATA``
    :raises DataError: if there is none
    """
    path = configured or os.environ.get('ROADSEG_DATA')
    if not path:
        raise DataError(
            'no data root; name the folder that holds the data sets, such as camvid and '
            f'kitti_road, {_BY}'
        )
    if not Path(path).exists():
        raise DataError(f'data root {path}: no such folder; name it {_BY}')
    return Path(path)


def list_folder(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """Return the folder's files of the given suffixes by name; DataError if there are none."""
    if not folder.is_dir():
        raise DataError(f'{folder}: no such folder')
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in suffixes)
    if not paths:
        raise DataError(f'{folder}: no files of {", ".join(suffixes)}')
    return paths


def read_image(path: Path, flags: int) -> np.ndarray:
    """
    Read an image with OpenCV's ``flags``.

    :raises DataError: if it is missing, or damaged in a way that shows
    """
    data = _read_bytes(path)
    if data.startswith(b'\x89PNG') and data.rfind(b'IEND') < 0:
        raise DataError(f'{path}: truncated PNG of {len(data)} bytes; copy the file again')
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags) if data else None
    except cv2.error as error:
        raise DataError(f'{path}: no readable image: {error}') from error
    if image is None:
        raise DataError(f'{path}: no readable image; expected a whole PNG or JPEG file')
    return image


def read_frame(path: Path) -> np.ndarray:
    """
    Read a camera image, checked as the node checks its input: truncated files are refused.

    :returns: uint8 [H, W, 3], BGR
    :raises DataError: if it is missing or damaged
    """
    try:
        return read_picture(path)
    except ConversionError as error:
        raise DataError(f'{path}: {error}') from error


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f'{path}: not readable: {error.strerror}') from error


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
