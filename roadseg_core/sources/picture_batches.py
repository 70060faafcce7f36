"""Frames to measure or calibrate with: pictures of a folder, or smooth noise."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from roadseg_core.geometry import Geometry

_ENDINGS = ('.jpg', '.jpeg', '.png')


class PicturesError(ValueError):
    """A folder that holds no pictures to use."""


def load_pictures(geometry: Geometry, folder: Path | None, count: int) -> np.ndarray:
    """
    Return frames of the network's size.

    :param folder: pictures, spread evenly over the sorted folder; None: smooth noise
    :param count: at most so many pictures; exactly so many of noise
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
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in _ENDINGS)
    chosen = (
        [paths[i] for i in np.unique(np.linspace(0, len(paths) - 1, count).astype(int))]
        if paths
        else []
    )
    images = [image for image in (cv2.imread(str(path)) for path in chosen) if image is not None]
    if not images:
        raise PicturesError(f'{folder}: no readable picture; expected files {_ENDINGS}')
    return np.stack([geometry.view(image.shape[:2]).forward(image) for image in images])


def batch_of(frames: np.ndarray, size: int) -> np.ndarray:
    """Return ``size`` frames, the given ones again where they are too few."""
    return np.ascontiguousarray(frames[np.arange(size) % len(frames)])
