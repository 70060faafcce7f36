"""The ground as a map in street coordinates, and how a camera sees it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from .camera import SHIFT, MountedCamera
from .config import DriveConfig
from .painter import Painter
from .shadows import sun_fall, swept
from .street import Grid, Street
from .vehicles import Placed

_MOST_HALVINGS = 7
_MOST_ROWS = 32
_DETAIL_TEXEL = 0.012
_DETAIL_TILE = 512
_DETAIL_FOOTPRINT = 0.05


class _Band(NamedTuple):
    """
    Rows of a camera with about one footprint on the ground.

    :param along: how often the map is halved along s, and ``across`` along d
    :param detail: strength of the surface's grain
    """

    rows: slice
    along: int
    across: int
    detail: float


class Ground:
    """
    The ground of one drive: sampled without flicker at any distance, with its truth.

    Each camera row has a footprint on the ground, long and narrow far away; copies of the
    map, halved in one or both directions, are made when first needed.

    :param labels: uint8 [rows, columns], class ids
    :param texels: uint8 [rows, columns, 4], BGR and the share of the sun that is blocked
    """

    def __init__(
        self,
        config: DriveConfig,
        street: Street,
        grid: Grid,
        labels: np.ndarray,
        texels: np.ndarray,
    ) -> None:
        self._street = street
        self._grid = grid
        self._labels = labels
        self._levels = {(0, 0): texels}
        self._bands: dict[str, list[_Band]] = {}
        detail = config.generator('detail').standard_normal((_DETAIL_TILE,) * 2, np.float32)
        detail = 128 + 22 * cv2.GaussianBlur(detail, (0, 0), 0.6)
        # Three tiles per side: around the camera, hardly a pixel has to wrap.
        self._detail = np.tile(np.round(detail).clip(0, 255).astype(np.uint8), (3, 3))

    def paint(self, painter: Painter, vehicles: list[Placed]) -> None:
        """
        Paint the rows below the horizon.

        :param vehicles: on the move: their shadows are not on the map
        """
        camera, pose, light = painter.view.camera, painter.view.vehicle, painter.light
        if camera.name not in self._bands:
            self._bands[camera.name] = _bands(camera, self._grid.texel)
        image, labels = (of[camera.ground_rows :] for of in (painter.image, painter.labels))
        shadow, dim = _moving_shadows(painter, vehicles)
        lost = np.repeat(light.haze_share(camera.depth)[:, None], camera.width, axis=1)
        dim = cv2.multiply(dim, cv2.convertScaleAbs(lost, alpha=-255, beta=255), scale=1 / 255)
        haze = cv2.convertScaleAbs(lost, alpha=light.haze)
        # Few rows at a time: what they need stays in the processor's cache.
        for rows, along, across, detail in self._bands[camera.name]:
            place = camera.ground_x[rows], camera.ground_y[rows]
            s, d = self._street.from_world(*_turned(place, pose[2], 1.0, pose[:2]))
            fine = self._texels(s, d, 0, 0)
            labels[rows] = _remap(self._labels, fine, cv2.INTER_NEAREST)
            coarse = self._texels(s, d, along, across) if along or across else fine
            seen = _remap(self._level(along, across), coarse, cv2.INTER_LINEAR)
            ground = cv2.cvtColor(seen, cv2.COLOR_BGRA2BGR)
            if detail:
                # Grain is fine enough at half the resolution.
                place = [np.ascontiguousarray(part[::2, ::2]) for part in place]
                middle = [v / _DETAIL_TEXEL % _DETAIL_TILE + _DETAIL_TILE for v in pose[:2]]
                place = _turned(place, pose[2], 1 / _DETAIL_TEXEL, middle)
                grain = cv2.remap(self._detail, *place, cv2.INTER_LINEAR, None, cv2.BORDER_WRAP)
                grain = cv2.merge([cv2.resize(grain, ground.shape[1::-1])] * 3)
                cv2.addWeighted(ground, 1, grain, detail, -128 * detail, ground)
            blocked = cv2.max(cv2.extractChannel(seen, 3), shadow[rows])
            gains = [cv2.convertScaleAbs(blocked, alpha=-part, beta=255) for part in light.shadow]
            ground = cv2.multiply(ground, cv2.merge(gains), scale=1 / 255)
            ground = cv2.multiply(ground, cv2.merge([dim[rows]] * 3), scale=1 / 255)
            cv2.add(ground, cv2.merge([haze[rows]] * 3), dst=image[rows])

    def labels_at(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return uint8 [H, W]: the classes of the ground at world points, [H, W] each."""
        place = self._texels(*self._street.from_world(x, y), 0, 0)
        return _remap(self._labels, [part.astype(np.float32) for part in place], cv2.INTER_NEAREST)

    def _texels(self, s: np.ndarray, d: np.ndarray, along: int, across: int) -> list[np.ndarray]:
        """Return column and row of street coordinates on a level of the map."""
        place = []
        for part, first, count in ((s, self._grid.first, along), (d, self._grid.low, across)):
            scale = 0.5**count / self._grid.texel
            place.append(cv2.addWeighted(part, scale, part, 0, -first * scale - 0.5))
        return place

    def _level(self, along: int, across: int) -> np.ndarray:
        if (along, across) not in self._levels:
            source = self._level(along - (along > across), across - (along <= across))
            rows, columns = source.shape[:2]
            size = (columns // 2, rows) if along > across else (columns, rows // 2)
            size = (max(1, size[0]), max(1, size[1]))
            self._levels[along, across] = cv2.resize(source, size, interpolation=cv2.INTER_AREA)
        return self._levels[along, across]


def _moving_shadows(painter: Painter, vehicles: list[Placed]) -> tuple[np.ndarray, np.ndarray]:
    """
    Return what moving vehicles do to the light in the rows below the horizon.

    :returns: uint8 [rows, W] twice: the share of the sun blocked; the gain close under them
    """
    view, camera = painter.view, painter.view.camera
    shape = camera.height - camera.ground_rows, camera.width
    shadow, under = np.zeros(shape, np.uint8), np.full(shape, 255, np.uint8)
    # The sun's direction is the world's: no street coordinates here.
    fall = sun_fall(painter.light.direction)
    for placed in vehicles:
        if math.dist(placed.anchor[:2], view.centre[:2]) > 60:
            continue
        plan = placed.plan()
        hull = swept(plan, fall * placed.vehicle.body.height * 0.85)
        for target, value, shape in ((shadow, 255, hull), (under, 87, plan)):
            outline = view.outline(view.to_camera(np.pad(shape, ((0, 0), (0, 1)))))
            outline = outline - (0, camera.ground_rows << SHIFT)
            if len(outline) > 2:
                cv2.fillPoly(target, [outline], value, cv2.LINE_AA, SHIFT)
    soft = max(3, camera.width // 50)
    return shadow, cv2.blur(under, (soft, max(3, soft // 2)))


def _remap(level: np.ndarray, place: list[np.ndarray], how: int) -> np.ndarray:
    return cv2.remap(level, *place, how, None, cv2.BORDER_REPLICATE)


def _turned(
    place: Sequence[np.ndarray], heading: float, scale: float, middle: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """Return where pixels meet the ground: turned by ``heading``, scaled, and from ``middle``."""
    x, y = place
    cosine, sine = scale * math.cos(heading), scale * math.sin(heading)
    return (
        cv2.addWeighted(x, cosine, y, -sine, middle[0]),
        cv2.addWeighted(x, sine, y, cosine, middle[1]),
    )


def _bands(camera: MountedCamera, texel: float) -> list[_Band]:
    """Return the bands that cover all rows below the horizon."""
    middle = camera.width // 2
    x, y = camera.ground_x[:, middle], camera.ground_y[:, middle]
    if len(x) < 2:
        raise ValueError(f'camera {camera.name} sees no ground')
    length = np.hypot(np.gradient(x), np.gradient(y))
    long, wide = (
        np.clip(np.floor(np.log2(size / texel) + 0.4), 0, _MOST_HALVINGS).astype(int).tolist()
        for size in (length, camera.depth / camera.intrinsics.fx)
    )
    pairs = list(zip(long, wide) if abs(math.cos(camera.yaw)) > 0.7 else zip(wide, long))
    bands = []
    start = 0
    for stop in range(1, len(pairs) + 1):
        if stop == len(pairs) or pairs[stop] != pairs[start] or stop - start == _MOST_ROWS:
            footprint = float(length[start])
            detail = min(1.0, 0.018 / footprint) if footprint < _DETAIL_FOOTPRINT else 0.0
            bands.append(_Band(slice(start, stop), *pairs[start], detail))
            start = stop
    return bands
