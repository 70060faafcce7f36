"""The bird's-eye view in which the KITTI Road protocol measures (Fritsch et al. 2013)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

RESOLUTION = 0.05
"""Metres of a pixel's side."""

SIDE = (-10.0, 10.0)
"""Metres to the right of the camera."""

AHEAD = (6.0, 46.0)
"""Metres ahead of the camera; the far end is the view's first row."""

SIZE = (round((AHEAD[1] - AHEAD[0]) / RESOLUTION), round((SIDE[1] - SIDE[0]) / RESOLUTION))
"""(height, width) of the view in pixels: 800 x 400."""

_SHAPES = {'P2': (3, 4), 'R0_rect': (3, 3), 'Tr_cam_to_road': (3, 4)}


class CalibrationError(ValueError):
    """A calibration file that cannot be used; the message names it."""


@dataclass(frozen=True)
class BirdsEyeView:
    """
    See the road plane from above.

    :param road_to_image: float64 [3, 3]: (x right, z ahead, 1) in metres on the road plane to
        pixels of the camera image, in homogeneous coordinates
    """

    road_to_image: np.ndarray

    @cached_property
    def distances(self) -> np.ndarray:
        """Return float64 [800]: metres ahead of the camera, by the view's row."""
        return AHEAD[1] - (np.arange(SIZE[0]) + 0.5) * RESOLUTION

    @cached_property
    def _pixels(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the camera pixel (x, y), float32 [800, 400] each, of the view's pixels."""
        x = SIDE[0] + (np.arange(SIZE[1]) + 0.5) * RESOLUTION
        z = self.distances
        points = np.stack(np.broadcast_arrays(x[None, :], z[:, None], 1.0), axis=-1)
        u, v, scale = np.moveaxis(points @ self.road_to_image.T, -1, 0)
        return (u / scale).astype(np.float32), (v / scale).astype(np.float32)

    def warp(self, image: np.ndarray, *, outside: int) -> np.ndarray:
        """
        Bring an image into the view, by the nearest pixel: ids are not mixed.

        :param image: uint8 [H, W] or [H, W, 3], in camera pixels
        :param outside: value where the camera does not see the plane
        :returns: uint8 [800, 400] or [800, 400, 3]: far away at the top, left at the left
        """
        x, y = self._pixels
        return cv2.remap(
            image,
            x,
            y,
            cv2.INTER_NEAREST,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(outside,) * 3,
        )


def read_calibration(path: str | Path) -> BirdsEyeView:
    """
    Read a calibration file of KITTI Road: image = P2 * R0_rect * inverse(Tr_cam_to_road) * road.

    :raises CalibrationError: if the file is missing or lacks one of the three
    """
    projection, rectification, road = read_matrices(path)
    # On the plane the height, the second road coordinate, is 0.
    return BirdsEyeView((projection @ rectification @ np.linalg.inv(road))[:3][:, [0, 2, 3]])


def read_matrices(path: str | Path) -> tuple[np.ndarray, ...]:
    """
    Return P2, R0_rect and Tr_cam_to_road of a calibration file of KITTI Road, float64 [4, 4].

    :raises CalibrationError: if the file is missing, lacks one, or the last has no inverse
    """
    found: dict[str, np.ndarray] = {}
    try:
        for line in Path(path).read_text(encoding='ascii').splitlines():
            name, _, numbers = line.partition(':')
            if name in _SHAPES:
                found[name] = np.array(numbers.split(), float).reshape(_SHAPES[name])
    except (OSError, ValueError) as error:
        raise CalibrationError(f'{path}: no readable calibration: {error}') from error
    missing = sorted(set(_SHAPES) - set(found))
    if missing:
        raise CalibrationError(f'{path}: no {", ".join(missing)}; expected a file of KITTI Road')
    if not np.linalg.det(found['Tr_cam_to_road'][:, :3]):
        raise CalibrationError(f'{path}: Tr_cam_to_road has no inverse')
    return tuple(_square(found[name]) for name in _SHAPES)


def _square(matrix: np.ndarray) -> np.ndarray:
    """Extend float64 [3, 3] or [3, 4] to [4, 4] by rows and columns of the unit matrix."""
    square = np.eye(4)
    square[:3, : matrix.shape[1]] = matrix
    return square
