"""A drive along a rendered street: any frame of any camera, at any time, in any order."""

from __future__ import annotations

import math

import cv2
import numpy as np

from .camera import CAMERAS, Camera, Intrinsics, View
from .config import DriveConfig, RenderedFrame
from .ground import Grid, GroundBands, GroundMap
from .hood import Hood
from .items import Item
from .light import Daylight, Light
from .noise import grain
from .painter import Painter, clip_near
from .paving import Pavement
from .scenery import Scenery
from .sensor import Sensor
from .shadows import Shadows
from .sky import Sky
from .street import Street
from .traffic import MovingVehicle, Traffic

_DETAIL_TEXEL = 0.007
_DETAIL_TILE = 512
_FAR_SIGHT = 150.0
_NEAR_SIGHT = 100.0
_SHIFT = 4


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
        self._cameras = {name: Camera(name, config.height, config.width) for name in CAMERAS}
        self._bands = {name: GroundBands(camera) for name, camera in self._cameras.items()}
        self._hoods = {name: Hood(camera) for name, camera in self._cameras.items()}
        self._daylight = Daylight(config)
        self._sky = Sky(config, self._daylight.sun)
        self._sensor = Sensor(config)
        self._traffic = Traffic(config, self.street)
        reach = self.street.building_line + 14.0
        # Small pictures do not show what a fine map costs to paint.
        texel = 0.05 if config.width >= 320 else 0.1
        fine = Grid.over(self.street, reach, texel)
        pavement = Pavement(config, self.street, fine)
        self._truth = GroundMap(pavement.labels(), fine)
        self._ground = GroundMap(pavement.colours(), fine)
        coarse = Grid.over(self.street, reach, 2 * texel)
        self._caster = Shadows(config, self.street, coarse, self._daylight.sun)
        self._scenery = Scenery(config, self.street, self._caster)
        self._shade = GroundMap(self._caster.texels(), coarse)
        detail = grain(config.generator('detail'), _DETAIL_TILE, _DETAIL_TILE)
        detail = cv2.GaussianBlur(detail, (0, 0), 0.6) * 1.7
        self._detail = np.round(128 + 13 * detail).clip(0, 255).astype(np.uint8)

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

    def view(self, camera: str, index: int) -> View:
        """Return where a camera is at a frame, to project points of the street."""
        self._check(index)
        x, y, heading = self._pose(self.stamp_ns(index) / 1e9)
        return self._camera(camera).view(x, y, heading)

    def render(self, camera: str, index: int) -> RenderedFrame:
        """
        Render one frame.

        :param camera: one of :attr:`cameras`
        :param index: 0 to ``frame_count - 1``
        :raises ValueError: if there is no such camera
        :raises IndexError: if there is no such frame
        """
        eye = self._camera(camera)
        self._check(index)
        stamp = self.stamp_ns(index)
        seconds = stamp / 1e9
        x, y, heading = self._pose(seconds)
        light = self._daylight.at(seconds)
        image = np.empty((eye.height, eye.width, 3), np.uint8)
        labels = np.empty((eye.height, eye.width), np.uint8)
        vehicles = self._traffic.vehicles(seconds)
        view = eye.view(x, y, heading)
        self._sky.paint(image, labels, eye, heading, light)
        self._paint_ground(image, labels, eye, view, (x, y, heading), light, vehicles)
        painter = Painter(image, labels, view, light)
        self._paint_items(painter, self._scenery.background, _FAR_SIGHT)
        moving = [*vehicles, *self._traffic.people(seconds)]
        self._paint_items(painter, [*self._scenery.foreground, *moving], _NEAR_SIGHT)
        self._hoods[camera].paint(image, labels, light)
        rng = self.config.generator('noise', CAMERAS.index(camera), index)
        return RenderedFrame(self._sensor.expose(image, light.mood, rng), labels, stamp)

    def _camera(self, name: str) -> Camera:
        if name not in self._cameras:
            raise ValueError(f'unknown camera {name!r}; expected one of {", ".join(CAMERAS)}')
        return self._cameras[name]

    def _check(self, index: int) -> None:
        if not 0 <= index < self.frame_count:
            raise IndexError(f'frame {index}; expected 0 to {self.frame_count - 1}')

    def _pose(self, seconds: float) -> tuple[float, float, float]:
        s, d = self._traffic.camera_vehicle(seconds)
        x, y = self.street.to_world(s, d)
        return x, y, self.street.heading(s)

    def _paint_ground(
        self,
        image: np.ndarray,
        labels: np.ndarray,
        camera: Camera,
        view: View,
        pose: tuple[float, float, float],
        light: Light,
        vehicles: list[MovingVehicle],
    ) -> None:
        x, y, heading = pose
        cosine, sine = np.float32(math.cos(heading)), np.float32(math.sin(heading))
        world_x = camera.ground_x * cosine - camera.ground_y * sine + np.float32(x)
        world_y = camera.ground_x * sine + camera.ground_y * cosine + np.float32(y)
        s, d = self.street.from_world(world_x, world_y)
        bands = self._bands[camera.name]
        rows = slice(camera.ground_rows, None)
        labels[rows] = self._truth.lookup(s, d)
        ground = self._ground.sample(bands, s, d)
        self._add_detail(ground, bands, s, d)
        shade = self._shade.sample(bands, s, d)
        sun, contact = np.ascontiguousarray(shade[..., 0]), np.ascontiguousarray(shade[..., 1])
        self._shade_vehicles(sun, contact, camera, view, vehicles)
        soft = max(3, camera.width // 50)
        contact = cv2.blur(contact, (soft, max(3, soft // 2)))
        ones = np.full(3, 255.0)
        gain = cv2.transform(sun, np.column_stack([light.shadow_gain - 1, ones]))
        ground = cv2.multiply(ground, gain, scale=1 / 255)
        gain = cv2.transform(contact, np.column_stack([np.full(3, -0.66), ones]))
        ground = cv2.multiply(ground, gain, scale=1 / 255)
        haze = light.haze_share(camera.depth)[:, None, None]
        kept = np.broadcast_to(np.round(255 * (1 - haze)).astype(np.uint8), ground.shape)
        added = np.broadcast_to(np.round(light.haze_colour * haze).astype(np.uint8), ground.shape)
        ground = cv2.multiply(ground, np.ascontiguousarray(kept), scale=1 / 255)
        image[rows] = cv2.add(ground, np.ascontiguousarray(added))

    def _add_detail(
        self, ground: np.ndarray, bands: GroundBands, s: np.ndarray, d: np.ndarray
    ) -> None:
        """Add the grain of the surface where the camera is close enough to see it."""
        first = int(np.searchsorted(-bands.along_view, -0.06))
        if first >= len(ground):
            return
        scale = np.float32(1 / _DETAIL_TEXEL)
        tile = np.float32(_DETAIL_TILE)
        column = (s[first:] * scale) % tile
        row = (d[first:] * scale) % tile
        fine = cv2.remap(self._detail, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        strength = np.clip(0.018 / bands.along_view[first:], 0, 1).astype(np.float32)[:, None]
        change = ((fine.astype(np.float32) - 128) * strength).astype(np.int16)
        ground[first:] = cv2.add(ground[first:], cv2.merge([change] * 3), dtype=cv2.CV_8U)

    def _shade_vehicles(
        self,
        sun: np.ndarray,
        contact: np.ndarray,
        camera: Camera,
        view: View,
        vehicles: list[MovingVehicle],
    ) -> None:
        """Paint the shadows of moving vehicles; arrays uint8 [rows below the horizon, W]."""
        for moving in vehicles:
            if np.linalg.norm(moving.anchor[:2] - view.centre[:2]) > 60:
                continue
            turn = np.array(
                [
                    [math.cos(moving.heading), math.sin(moving.heading)],
                    [-math.sin(moving.heading), math.cos(moving.heading)],
                ]
            )
            plan = moving.vehicle.footprint(0.05) @ turn + moving.anchor[:2]
            # The sun's direction is the world's: no street coordinates here.
            fall = -self._daylight.sun[:2] / max(0.15, self._daylight.sun[2])
            shifted = plan + fall * moving.vehicle.body.height * 0.85
            hull = cv2.convexHull(np.vstack([plan, shifted]).astype(np.float32))[:, 0]
            for target, outline in ((sun, hull), (contact, plan)):
                self._fill_ground(target, camera.ground_rows, view, outline)

    @staticmethod
    def _fill_ground(target: np.ndarray, top: int, view: View, outline: np.ndarray) -> None:
        points = np.column_stack([outline, np.zeros(len(outline))])
        polygon = view.to_camera(points)
        polygon = clip_near(polygon)
        if len(polygon) < 3:
            return
        pixels = np.clip(view.to_pixels(polygon) - (0, top), -30_000, 30_000)
        mask = np.round(pixels * 2**_SHIFT).astype(np.int32)
        cv2.fillPoly(target, [mask], 255, cv2.LINE_AA, _SHIFT)

    @staticmethod
    def _paint_items(painter: Painter, items: list[Item], sight: float) -> None:
        """Paint what is near enough and not behind the camera, the farthest first."""
        anchors = np.array([item.anchor for item in items])
        places = painter.view.to_camera(anchors)
        distance = np.linalg.norm(places, axis=1)
        wide = painter.view.width / 2 / painter.view.intrinsics.fx
        shown = (
            (places[:, 2] > -12)
            & (distance < sight)
            & (np.abs(places[:, 0]) < wide * places[:, 2].clip(0) + 16)
        )
        for index in np.flatnonzero(shown)[np.argsort(-distance[shown], kind='stable')]:
            items[index].paint(painter)


def render_frame(config: DriveConfig, camera: str, index: int) -> RenderedFrame:
    """Render one frame of a drive; for several frames, keep a :class:`Drive`."""
    return Drive(config).render(camera, index)
