"""What every data set offers: labelled frames by index."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

NOT_ROAD = 254
"""A label that rules the road ids out and says no more, for data sets that know road only."""


class DataError(ValueError):
    """A data set that is missing or broken; the message names the path and what to do."""


@dataclass(frozen=True)
class LabelledFrame:
    """
    Hold one frame and its truth.

    :param name: what to call the frame in a report
    :param image: uint8 [H, W, 3], BGR
    :param labels: uint8 [H, W]: ids of the label map, :data:`NOT_ROAD` or ``labels.IGNORE``
    """

    name: str
    image: np.ndarray
    labels: np.ndarray


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
    Find the folder that holds the data sets.

    :param configured: path from a configuration, or None for ``$ROADSEG_DATA``
    :raises DataError: if there is none
    """
    path = configured or os.environ.get('ROADSEG_DATA')
    if not path:
        raise DataError('no data root; set data.root or the environment variable ROADSEG_DATA '
                        'to the folder that holds camvid, kitti_road and weights')
    if not Path(path).is_dir():
        raise DataError(f'data root {path}: no such folder; set data.root or ROADSEG_DATA')
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
    """Read an image with OpenCV's ``flags``; DataError if it is missing or damaged."""
    image = cv2.imread(str(path), flags)
    if image is None:
        raise DataError(f'{path}: no readable image')
    return image
