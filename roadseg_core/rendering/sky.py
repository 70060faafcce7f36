"""The sky and what stands on the horizon, as a panorama."""

from __future__ import annotations

import cv2
import numpy as np

from .camera import Camera
from .config import INFRASTRUCTURE, SKY, DriveConfig
from .light import Light
from .noise import fractal_noise

_WIDTH = 2160
_HEIGHT = 420
_PAD = 540
_TOP = np.radians(68.0)
_BOTTOM = np.radians(-2.0)


class Sky:
    """
    A panorama all around, with distant trees and roofs on the horizon.

    Real cameras expose for the street: most skies are nearly white.
    """

    def __init__(self, config: DriveConfig, sun: np.ndarray) -> None:
        rng = config.generator('sky')
        elevation = np.linspace(_TOP, _BOTTOM, _HEIGHT)[:, None]
        height = np.clip(elevation / _TOP, 0, 1) ** 0.6
        zenith = np.array([226, 186, 148]) * rng.uniform(0.92, 1.06)
        horizon = np.array([246, 241, 232])
        clear = horizon + (zenith - horizon) * height[..., None]
        clear = np.broadcast_to(clear, (_HEIGHT, _WIDTH, 3)).astype(np.float32)
        azimuth = (np.arange(_WIDTH) + 0.5) * (2 * np.pi / _WIDTH)
        across = (azimuth - np.arctan2(sun[1], sun[0]) + np.pi) % (2 * np.pi) - np.pi
        distance = np.hypot(across * np.cos(elevation), elevation - np.arcsin(sun[2]))
        glow = np.exp(-distance / 0.35)[..., None] * 90
        cloud = fractal_noise(rng, _HEIGHT, _WIDTH, ((160, 420), (70, 150), (30, 60), (12, 24)))
        self._fade_seam(cloud)
        amount = (1 / (1 + np.exp(-3.0 * (cloud - 0.35))))[..., None]
        white = 238.0 + 9.0 * cloud[..., None] + np.zeros(3, np.float32)
        self._clear = self._finish(clear * (1 - amount) + white * amount + glow)
        grey = (208.0 + 17.0 * cloud)[..., None] * np.array([1.03, 1.0, 0.97])
        self._covered = self._finish(grey + 0.2 * glow)
        self._skyline, self._labels = self._build_skyline(rng)

    @staticmethod
    def _fade_seam(cloud: np.ndarray) -> None:
        """Make the panorama's ends meet."""
        share = np.linspace(0, 1, 200, dtype=np.float32)
        cloud[:, -200:] = cloud[:, -200:] * (1 - share) + cloud[:, 199::-1][:, :200] * share

    @staticmethod
    def _finish(panorama: np.ndarray) -> np.ndarray:
        shown = panorama.clip(0, 255).astype(np.uint8)
        return np.hstack([shown[:, -_PAD:], shown, shown[:, :_PAD]])

    def _build_skyline(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return BGR colours of the horizon's things and labels, both padded."""
        rough = fractal_noise(rng, 2, _WIDTH, ((2, 240), (2, 60), (2, 16), (2, 5)))[0]
        height = np.radians(2.0 + 0.55 * rough)
        cursor = 0
        while cursor < _WIDTH:
            width = int(rng.uniform(10, 45))
            if rng.random() < 0.35:
                height[cursor : cursor + width] = np.radians(rng.uniform(1.5, 4.5))
            cursor += width + int(rng.uniform(0, 60))
        elevation = np.linspace(_TOP, _BOTTOM, _HEIGHT)[:, None]
        solid = elevation < height[None, :]
        noise = fractal_noise(rng, _HEIGHT, _WIDTH, ((12, 16), (5, 6), (2, 2)))
        tone = fractal_noise(rng, 2, _WIDTH, ((2, 120), (2, 30)))[0]
        colour = np.array([92, 104, 98]) + (11 * noise + 14 * tone[None])[..., None]
        labels = np.where(solid, INFRASTRUCTURE, SKY).astype(np.uint8)
        padded = np.hstack([labels[:, -_PAD:], labels, labels[:, :_PAD]])
        return self._finish(colour), padded

    def paint(
        self, image: np.ndarray, labels: np.ndarray, camera: Camera, heading: float, light: Light
    ) -> None:
        """
        Paint the rows above the horizon.

        :param image: uint8 [H, W, 3], changed in place
        :param labels: uint8 [H, W], changed in place
        :param heading: of the vehicle, in radians
        """
        rows = camera.ground_rows
        if rows == 0:
            return
        turn = (heading + camera.yaw) % (2 * np.pi)
        column = (camera.azimuth + np.float32(turn)) * np.float32(_WIDTH / (2 * np.pi))
        column += np.float32(_PAD - 0.5)
        row = (np.float32(_TOP) - camera.elevation) * np.float32((_HEIGHT - 1) / (_TOP - _BOTTOM))
        # Directions leave the panorama by less than the padding: cameras see 90 degrees at most.
        # Clouds are smooth: a quarter of the pixels, enlarged, looks the same.
        few = (column[::2, ::2], row[::2, ::2])
        clear = cv2.remap(self._clear, *few, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        covered = cv2.remap(self._covered, *few, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        cloud = light.mood.cloud
        sky = cv2.resize(
            cv2.addWeighted(clear, 1 - cloud, covered, cloud, 0),
            (camera.width, rows),
            interpolation=cv2.INTER_LINEAR,
        )
        # The skyline stays below 9 degrees.
        low = max(0, rows - int(camera.intrinsics.fx * 0.16))
        truth = cv2.remap(
            self._labels,
            column[low:],
            row[low:],
            cv2.INTER_NEAREST,
            borderMode=cv2.BORDER_REPLICATE,
        )
        far = cv2.remap(
            self._skyline,
            column[low:],
            row[low:],
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        far = cv2.addWeighted(far, 0.55, np.full_like(far, light.haze_colour), 0.45, 0)
        np.copyto(sky[low:], far, where=(truth == INFRASTRUCTURE)[..., None])
        image[:rows] = sky
        labels[:low] = SKY
        labels[low:rows] = truth
