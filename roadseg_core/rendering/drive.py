"""A drive along a rendered street: any frame of any camera, at any time, in any order."""

from __future__ import annotations

import math

import numpy as np

from .camera import CAMERAS, CameraPose, MountedCamera
from .config import VEHICLES, VRU, DriveConfig, RenderedFrame
from .ground import Ground
from .hood import Hood
from .items import Item
from .light import Daylight
from .painter import Painter
from .paving import Pavement
from .scenery import Scenery
from .sensor import Sensor
from .shadows import Shadows
from .sky import Sky
from .street import Grid, Street
from .traffic import Traffic
from .vehicles import Placed

_FAR_SIGHT = 120.0
_NEAR_SIGHT = 100.0
_LONGEST = 6.0
"""Metres from the middle of the longest vehicle to its ends, at least."""
_FOOTHOLD = 0.25


class Drive:
    """
    Render a drive of a vehicle with four cameras.

    Making one prepares the street (well under a second for a short drive); each frame
    depends on the configuration, the camera and the index alone.
    """

    cameras: tuple[str, ...] = CAMERAS

    def __init__(self, config: DriveConfig) -> None:
        self.config = config
        self.street = Street(config)
        self._cameras = {name: MountedCamera(name, config.height, config.width) for name in CAMERAS}
        self._hoods = {name: Hood(camera) for name, camera in self._cameras.items()}
        self._daylight = Daylight(config)
        self._sky = Sky(config)
        self._sensor = Sensor(config)
        self._traffic = Traffic(config, self.street)
        reach = self.street.building_line + 14.0
        # Small pictures do not show what a fine map costs to paint.
        texel = 0.05 if config.width >= 320 else 0.1
        fine, coarse = (Grid.over(self.street, reach, size) for size in (texel, 2 * texel))
        pavement = Pavement(config, self.street, fine)
        shadows = Shadows(config, self.street, coarse, self._daylight.sun)
        self._scenery = Scenery(config, self.street, shadows)
        texels = shadows.shade(pavement.colours())
        self._ground = Ground(config, self.street, fine, pavement.labels(), texels)

    @property
    def frame_count(self) -> int:
        """Frames of each camera."""
        return max(1, round(self.config.seconds * self.config.fps))

    def stamp_ns(self, index: int) -> int:
        """Return nanoseconds from the start of the drive to a frame."""
        return round(index * 1_000_000_000 / self.config.fps)

    def camera(self, name: str) -> MountedCamera:
        """
        Return a camera: its mount on the vehicle, and its intrinsics.

        :raises ValueError: if there is no such camera
        """
        if name not in self._cameras:
            raise ValueError(f'unknown camera {name!r}; expected one of {", ".join(CAMERAS)}')
        return self._cameras[name]

    def view(self, camera: str, index: int) -> CameraPose:
        """Return where a camera is at a frame, to project points of the street."""
        return self.camera(camera).view(*self._pose(index))

    def ground_truth(self, index: int, points: np.ndarray) -> np.ndarray:
        """
        Return what is on the ground around the camera vehicle at a frame.

        :param points: [H, W, 2], x forward and y left in metres
        :returns: uint8 [H, W], class ids of :mod:`.config`: of the ground, of vehicles wherever
            their bodies are over it, and of people where they stand
        :raises IndexError: if there is no such frame
        """
        x, y, heading = self._pose(index)
        cosine, sine = math.cos(heading), math.sin(heading)
        ahead, left = np.asarray(points, np.float64).transpose(2, 0, 1)
        ahead, left = x + ahead * cosine - left * sine, y + ahead * sine + left * cosine
        labels = self._ground.labels_at(ahead, left)
        seconds = self.stamp_ns(index) / 1e9
        parked = [item for item in self._scenery.foreground if isinstance(item, Placed)]
        reach = np.hypot(*points.reshape(-1, 2).T).max() + _LONGEST
        for placed in (*parked, *self._traffic.vehicles(seconds)):
            if math.dist(placed.anchor[:2], (x, y)) < reach:
                labels[placed.covers(ahead, left)] = VEHICLES
        for person in self._traffic.people(seconds):
            near = np.hypot(ahead - person.anchor[0], left - person.anchor[1]) < _FOOTHOLD
            labels[near] = VRU
        return labels

    def render(self, camera: str, index: int) -> RenderedFrame:
        """
        Render one frame.

        :param camera: one of :attr:`cameras`
        :param index: 0 to ``frame_count - 1``
        :raises ValueError: if there is no such camera
        :raises IndexError: if there is no such frame
        """
        view, stamp = self.view(camera, index), self.stamp_ns(index)
        painter = Painter(view, self._daylight.at(stamp / 1e9))
        vehicles = self._traffic.vehicles(stamp / 1e9)
        self._sky.paint(painter)
        self._ground.paint(painter, vehicles)
        _paint_items(painter, self._scenery.background, _FAR_SIGHT)
        moving = [*vehicles, *self._traffic.people(stamp / 1e9)]
        _paint_items(painter, [*self._scenery.foreground, *moving], _NEAR_SIGHT)
        self._hoods[camera].paint(painter)
        rng = self.config.generator('noise', CAMERAS.index(camera), index)
        image = self._sensor.expose(painter.image, painter.light.gain, rng)
        return RenderedFrame(image, painter.labels, stamp)

    def _pose(self, index: int) -> tuple[float, float, float]:
        if not 0 <= index < self.frame_count:
            raise IndexError(f'frame {index}; expected 0 to {self.frame_count - 1}')
        s, d = self._traffic.camera_vehicle(self.stamp_ns(index) / 1e9)
        x, y, _ = self.street.points((s, d)).tolist()
        return x, y, self.street.heading(s)


def _paint_items(painter: Painter, items: list[Item], sight: float) -> None:
    """Paint what is near enough and not behind the camera, the farthest first."""
    view = painter.view
    places = view.to_camera(np.array([item.anchor for item in items]))
    distance = np.linalg.norm(places, axis=1)
    camera = view.camera
    wide = camera.width / 2 / camera.intrinsics.fx
    shown = (places[:, 2] > -12) & (distance < sight)
    shown &= np.abs(places[:, 0]) < wide * places[:, 2].clip(0) + 16
    for number in np.flatnonzero(shown)[np.argsort(-distance[shown], kind='stable')]:
        items[number].paint(painter)
