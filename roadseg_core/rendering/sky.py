"""Paint the sky as a panorama."""

from __future__ import annotations

import cv2
import numpy as np

from .config import SKY, DriveConfig
from .painter import Painter
from .texture import fractal_noise

_WIDTH = 2160
_HEIGHT = 420
_PAD = 540
_TOP = np.radians(68.0)
_BOTTOM = np.radians(-2.0)


class Sky:
    """A panorama all around: as real cameras expose for the street, most of it is nearly white."""

    def __init__(self, config: DriveConfig) -> None:
        rng = config.generator('sky')
        elevation = np.linspace(_TOP, _BOTTOM, _HEIGHT)[:, None]
        height = np.clip(elevation / _TOP, 0, 1)[..., None] ** 0.6
        zenith = np.array([226, 186, 148]) * rng.uniform(0.92, 1.06)
        horizon = np.array([246, 241, 232])
        clear = horizon + (zenith - horizon) * height
        cloud = fractal_noise(rng, _HEIGHT, _WIDTH, ((160, 420), (70, 150), (30, 60), (12, 24)))
        # The panorama's ends meet.
        share = np.linspace(0, 1, 200, dtype=np.float32)
        cloud[:, -200:] = cloud[:, -200:] * (1 - share) + cloud[:, 199::-1] * share
        cloud = cloud[..., None]
        amount = 1 / (1 + np.exp(-3.0 * (cloud - 0.35)))
        self._clear = _padded(clear * (1 - amount) + (238.0 + 9.0 * cloud) * amount)
        self._covered = _padded((208.0 + 17.0 * cloud) * np.array([1.03, 1.0, 0.97]))

    def paint(self, painter: Painter) -> None:
        """Paint the rows above the horizon."""
        camera, cloud = painter.view.camera, painter.light.cloud
        rows = camera.ground_rows
        if rows == 0:
            return
        painter.labels[:rows] = SKY
        turn = (painter.view.vehicle[2] + camera.yaw) % (2 * np.pi)
        # Directions leave the panorama by less than the padding: cameras see 90 degrees at most.
        column = (camera.azimuth + np.float32(turn)) * np.float32(_WIDTH / (2 * np.pi))
        column += np.float32(_PAD - 0.5)
        row = (np.float32(_TOP) - camera.elevation) * np.float32((_HEIGHT - 1) / (_TOP - _BOTTOM))
        # Clouds are smooth: a quarter of the pixels, enlarged, looks the same.
        clear, covered = (
            cv2.remap(panorama, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for panorama in (self._clear, self._covered)
        )
        sky = cv2.addWeighted(clear, 1 - cloud, covered, cloud, 0)
        cv2.resize(sky, (camera.width, rows), painter.image[:rows])


def _padded(panorama: np.ndarray) -> np.ndarray:
    """Return the panorama as uint8, with a part of each end beyond the other."""
    shown = panorama.clip(0, 255).astype(np.uint8)
    return np.pad(shown, ((0, 0), (_PAD, _PAD), (0, 0)), 'wrap')
