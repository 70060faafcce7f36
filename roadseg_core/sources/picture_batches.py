"""Frames to measure or calibrate with: pictures of a folder, or smooth noise."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np

from roadseg_core.geometry import Geometry
from roadseg_core.pipeline.conversion import ConversionError
from roadseg_core.pipeline.picture_file import read_picture
from roadseg_core.sources.pictures import PICTURE_SUFFIXES, picture_files


class PicturesError(ValueError):
    """A folder that holds no pictures to use."""


def load_pictures(geometry: Geometry, folder: Path | None, count: int) -> np.ndarray:
    """
    Return frames of the network's size.

    :param folder: pictures, spread evenly over the sorted folder; None: smooth noise
    :param count: at most this many pictures; exactly this many of noise
    :returns: uint8 [n, H, W, 3], BGR
    :raises PicturesError: for a folder without readable pictures
    """
    height, width = geometry.input_size
    if folder is None:
        coarse = np.random.default_rng(0).integers(0, 256, (count, 10, 15, 3), np.uint8)
        return np.stack(
            [cv2.resize(image, (width, height), interpolation=cv2.INTER_CUBIC) for image in coarse]
        )
    if not folder.is_dir():
        raise PicturesError(f'{folder}: no such folder')
    paths = picture_files(folder)
    images = []
    for index in np.unique(np.linspace(0, len(paths) - 1, count).astype(int)) if paths else ():
        with suppress(ConversionError):  # the others do as well
            images.append(read_picture(paths[index]))
    if not images:
        raise PicturesError(
            f'{folder}: no readable picture; expected files of {", ".join(PICTURE_SUFFIXES)}'
        )
    return np.stack([geometry.view(image.shape[:2]).forward(image) for image in images])


def batch_of(frames: np.ndarray, size: int) -> np.ndarray:
    """Return ``size`` frames, the given ones again where they are too few."""
    return np.ascontiguousarray(frames[np.arange(size) % len(frames)])
