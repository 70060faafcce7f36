"""A camera model maps directions in a camera's optical frame to pixels, and back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from roadseg_core.geometry import View

COEFFICIENTS = {
    'plumb_bob': (5, 4, 0),
    'rational_polynomial': (8,),
    'equidistant': (4,),
}
"""How many distortion coefficients each model of sensor_msgs/CameraInfo has."""

_STEEPEST = 20.0
"""Tangent of the widest angle to the optical axis that a pinhole model is asked for: 87 degrees."""


@dataclass(frozen=True)
class CameraModel:
    """
    Hold the calibration of the images that a camera's labels lie on; equal ones see the same.

    The optical frame has x to the right, y down and z forward; the centre of the first pixel is
    (0, 0), as in a camera matrix.

    :param width: of the images in pixels, as ``height``
    :param distortion_model: one of :data:`COEFFICIENTS`
    :param k: the 9 numbers of the camera matrix, row by row
    :param d: distortion coefficients
    :param window: left, top, right and bottom border of the pixels that show the world, as pixel
        coordinates; None: the whole image
    :raises ValueError: for a calibration that no camera has
    """

    width: int
    height: int
    distortion_model: str
    k: tuple[float, ...]
    d: tuple[float, ...] = ()
    window: tuple[float, float, float, float] | None = None

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise ValueError(
                f'camera info of {self.width}x{self.height} pixels; expected the size of the '
                'images; calibrate the camera, or let its driver read the calibration'
            )
        _check_matrix(self.k)
        _check_distortion(self.distortion_model, self.d)
        if self.window is None:
            whole = (-0.5, -0.5, self.width - 0.5, self.height - 0.5)
            object.__setattr__(self, 'window', whole)

    @classmethod
    def from_camera_info(
        cls,
        *,
        width: int,
        height: int,
        distortion_model: str,
        d: Sequence[float],
        k: Sequence[float],
        p: Sequence[float] = (),
        binning: tuple[int, int] = (1, 1),
        roi: tuple[int, int, int, int] = (0, 0, 0, 0),
        rectified: bool = False,
    ) -> CameraModel:
        """
        Read the values of a sensor_msgs/CameraInfo.

        :param distortion_model: '' with no coefficients is a camera without distortion
        :param p: the 12 numbers of the projection matrix; used of rectified images only
        :param binning: how many pixels were made one, along x and y; 0 is 1
        :param roi: x_offset, y_offset, width and height of what was read out; zeros: all
        :param rectified: whether the images are rectified: then ``p`` holds, and no distortion
        :raises ValueError: for zeros, singular matrices, unknown models and wrong numbers of
            coefficients
        """
        if rectified:
            if len(p) != 12:
                raise ValueError(f'camera info with {len(p)} numbers in p; expected 12')
            k, d, distortion_model = [p[i] for i in (0, 1, 2, 4, 5, 6, 8, 9, 10)], (), 'plumb_bob'
        model = cls(
            int(width),
            int(height),
            distortion_model or ('' if len(d) else 'plumb_bob'),
            tuple(map(float, k)),
            tuple(map(float, d)),
        )
        x, y, roi_width, roi_height = roi
        if roi_width and roi_height:
            shift = np.array([[1, 0, -x], [0, 1, -y], [0, 0, 1.0]])
            model = model._moved(shift, roi_width, roi_height)
        across, down = (max(1, int(count)) for count in binning)
        return model.resized((model.height // down, model.width // across))

    def resized(self, size: tuple[int, int]) -> CameraModel:
        """
        Return the model of the same picture at another size.

        :param size: (height, width) in pixels
        """
        height, width = size
        if size == (self.height, self.width):
            return self
        x, y = width / self.width, height / self.height
        return self._moved(
            np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]]), width, height
        )

    def viewed(self, view: View) -> CameraModel:
        """
        Return the model of the network's image of the camera's: scaled, padded or cut.

        :raises ValueError: if the view is of images of another size
        """
        if view.camera_size != (self.height, self.width):
            raise ValueError(
                f'camera info of {self.width}x{self.height} for images of '
                f'{view.camera_size[1]}x{view.camera_size[0]}; expected one size; publish the '
                'camera info that belongs to the images'
            )
        x, y, width, height = view.target
        moved = self._moved(view.matrix(), view.input_size[1], view.input_size[0])
        left, top, right, bottom = moved.window
        window = (
            max(left, x - 0.5),
            max(top, y - 0.5),
            min(right, x + width - 0.5),
            min(bottom, y + height - 0.5),
        )
        return replace(moved, window=window)

    def without_hood(self, share: float) -> CameraModel:
        """
        Leave out the lowest rows, where the camera sees its own vehicle.

        :param share: of the image's height, 0 to less than 1
        :raises ValueError: for another share
        """
        if not 0.0 <= share < 1.0:
            raise ValueError(f'hood {share}; expected a share of the image height, 0 to below 1')
        left, top, right, bottom = self.window
        return replace(
            self, window=(left, top, right, min(bottom, self.height * (1 - share) - 0.5))
        )

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """
        Return the pixels of points, and which of them the camera sees.

        :param points: [N, 3] in the optical frame, in any unit
        :returns: float64 [N, 2] (x, y), of no meaning where bool [N] is False: behind the
            camera, outside its images, or where the distortion model holds no more
        """
        x, y, z = np.asarray(points, np.float64).reshape(-1, 3).T
        if self.distortion_model == 'equidistant':
            radius = np.hypot(x, y)
            angle = np.arctan2(radius, z)
            valid = angle < self._limit
            bent = self._bend(np.where(valid, angle, 0.0))
            scale = np.divide(bent, radius, out=np.zeros_like(bent), where=radius > 0)
            x, y = x * scale, y * scale
        else:
            valid = z > 0
            depth = np.where(valid, z, 1.0)
            x, y = x / depth, y / depth
            valid &= np.hypot(x, y) < self._limit
            x, y = self._distort(np.where(valid, x, 0.0), np.where(valid, y, 0.0))
        pixels = np.stack([x, y, np.ones_like(x)], axis=1) @ self._matrix[:2].T
        left, top, right, bottom = self.window
        u, v = pixels.T
        return pixels, valid & (u >= left) & (u < right) & (v >= top) & (v < bottom)

    @cached_property
    def _matrix(self) -> np.ndarray:
        return np.array(self.k).reshape(3, 3)

    @cached_property
    def _limit(self) -> float:
        """Angle (equidistant) or its tangent, from which on the model would fold back."""
        wide = self.distortion_model == 'equidistant'
        radii = np.linspace(0, math.pi if wide else _STEEPEST, 20_001)
        bent = self._bend(radii) if wide else radii * self._radial(radii**2)
        falling = ~(np.diff(bent) > 0)
        return float(radii[falling.argmax()] if falling.any() else radii[-1])

    def _bend(self, angle: np.ndarray) -> np.ndarray:
        """Return the equidistant model's distance from the middle, at focal length 1."""
        square = angle * angle
        k1, k2, k3, k4 = self.d
        return angle * (1 + square * (k1 + square * (k2 + square * (k3 + square * k4))))

    def _radial(self, square: np.ndarray) -> np.ndarray:
        k1, k2, _, _, k3, k4, k5, k6 = (*self.d, *(0.0,) * (8 - len(self.d)))
        below = 1 + square * (k4 + square * (k5 + square * k6))
        # A denominator that turns negative ends what the model is good for: 0 from there on.
        return (1 + square * (k1 + square * (k2 + square * k3))) / np.where(
            below > 0, below, np.inf
        )

    def _distort(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return where plumb_bob or rational_polynomial brings points of the plane z = 1."""
        p1, p2 = self.d[2:4] or (0.0, 0.0)
        square = x * x + y * y
        radial = self._radial(square)
        return (
            x * radial + 2 * p1 * x * y + p2 * (square + 2 * x * x),
            y * radial + p1 * (square + 2 * y * y) + 2 * p2 * x * y,
        )

    def _moved(self, matrix: np.ndarray, width: int, height: int) -> CameraModel:
        """Return the model of an image whose pixels are ``matrix`` times this one's."""
        left, top, right, bottom = self.window
        x, y = matrix[0, 0], matrix[1, 1]
        window = (
            max(left * x + matrix[0, 2], -0.5),
            max(top * y + matrix[1, 2], -0.5),
            min(right * x + matrix[0, 2], width - 0.5),
            min(bottom * y + matrix[1, 2], height - 0.5),
        )
        k = tuple((matrix @ self._matrix).ravel().tolist())
        return replace(self, width=width, height=height, k=k, window=tuple(map(float, window)))


def camera_info_values(info: Any) -> dict[str, Any]:
    """Return what :meth:`CameraModel.from_camera_info` takes of a sensor_msgs/CameraInfo."""
    roi = info.roi
    return {
        'width': info.width,
        'height': info.height,
        'distortion_model': info.distortion_model,
        'd': tuple(info.d),
        'k': tuple(info.k),
        'p': tuple(info.p),
        'binning': (info.binning_x, info.binning_y),
        'roi': (roi.x_offset, roi.y_offset, roi.width, roi.height),
    }


def _check_matrix(k: tuple[float, ...]) -> None:
    if len(k) != 9 or not np.isfinite(k).all():
        raise ValueError(f'camera matrix k of {list(k)}; expected 9 finite numbers')
    if not any(k):
        raise ValueError(
            'camera info of zeros: the camera is not calibrated; calibrate it (such as by '
            'camera_calibration), or let its driver read the calibration'
        )
    if k[0] <= 0 or k[4] <= 0 or k[3] != 0 or tuple(k[6:]) != (0, 0, 1):
        raise ValueError(
            f'camera matrix k of {list(k)}; expected focal lengths over 0 at k[0] and k[4], and '
            '0, 0, 1 in the last row'
        )


def _check_distortion(model: str, d: tuple[float, ...]) -> None:
    if model not in COEFFICIENTS:
        raise ValueError(
            f'distortion model {model!r}; expected {", ".join(COEFFICIENTS)}; or rectify the '
            'images, which leaves no distortion'
        )
    if len(d) not in COEFFICIENTS[model] or not np.isfinite(d).all():
        counts = ' or '.join(map(str, COEFFICIENTS[model]))
        raise ValueError(
            f'distortion coefficients {list(d)} of {model}; expected {counts} finite numbers'
        )
