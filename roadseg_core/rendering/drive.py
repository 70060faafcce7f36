"""A drive along a rendered street: any frame of any camera, at any time, in any order."""

from __future__ import annotations

import math

import numpy as np

from .camera import CAMERAS, MOUNTS, CameraPose, Intrinsics, Mount, MountedCamera
from .config import VEHICLES, VRU, DriveConfig, RenderedFrame
from .ground import Ground
from .hood import Hood
from .items import Item, Wall
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

_FAR_SIGHT = 150.0
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
        self._sky = Sky(config, self._daylight.sun)
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

    def intrinsics(self, camera: str) -> Intrinsics:
        """
        Return fx, fy, cx, cy of a camera in pixels.

        :raises ValueError: if there is no such camera
        """
        return self._camera(camera).intrinsics

    def view(self, camera: str, index: int) -> CameraPose:
        """Return where a camera is at a frame, to project points of the street."""
        return self._camera(camera).view(*self._pose(index))

    def mount(self, camera: str) -> Mount:
        """
        Return where a camera sits on the vehicle, whose frame is on the ground, x forward.

        :raises ValueError: if there is no such camera
        """
        return MOUNTS[self._camera(camera).name]

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
        eye = self._camera(camera)
        pose = self._pose(index)
        stamp = self.stamp_ns(index)
        light = self._daylight.at(stamp / 1e9)
        image = np.empty((eye.height, eye.width, 3), np.uint8)
        labels = np.empty((eye.height, eye.width), np.uint8)
        vehicles = self._traffic.vehicles(stamp / 1e9)
        self._sky.paint(image, labels, eye, pose[2], light)
        self._ground.paint(image, labels, eye, pose, light, vehicles)
        painter = Painter(image, labels, eye.view(*pose), light)
        _paint_items(painter, self._scenery.background, _FAR_SIGHT)
        moving = [*vehicles, *self._traffic.people(stamp / 1e9)]
        _paint_items(painter, [*self._scenery.foreground, *moving], _NEAR_SIGHT)
        self._hoods[camera].paint(image, labels, light)
        rng = self.config.generator('noise', CAMERAS.index(camera), index)
        return RenderedFrame(self._sensor.expose(image, light.gain, rng), labels, stamp)

    def _camera(self, name: str) -> MountedCamera:
        if name not in self._cameras:
            raise ValueError(f'unknown camera {name!r}; expected one of {", ".join(CAMERAS)}')
        return self._cameras[name]

    def _pose(self, index: int) -> tuple[float, float, float]:
        if not 0 <= index < self.frame_count:
            raise IndexError(f'frame {index}; expected 0 to {self.frame_count - 1}')
        s, d = self._traffic.camera_vehicle(self.stamp_ns(index) / 1e9)
        return *self.street.to_world(s, d), self.street.heading(s)


def _paint_items(painter: Painter, items: list[Item], sight: float) -> None:
    """Paint what is near enough and not behind the camera, the farthest first."""
    view = painter.view
    places = view.to_camera(np.array([item.anchor for item in items]))
    distance = np.linalg.norm(places, axis=1)
    wide = view.size[0] / 2 / view.intrinsics.fx
    shown = (places[:, 2] > -12) & (distance < sight)
    shown &= np.abs(places[:, 0]) < wide * places[:, 2].clip(0) + 16
    covered = np.full(view.size[0], float(view.size[1]))
    nearest = [items[i] for i in np.flatnonzero(shown)[np.argsort(distance[shown], kind='stable')]]
    seen = [item for item in nearest if not isinstance(item, Wall) or item.seen(view, covered)]
    for item in reversed(seen):
        item.paint(painter)
