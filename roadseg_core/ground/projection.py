"""Project the road of a camera's label images onto the ground, ray by ray."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from roadseg_core.ground.camera_model import CameraModel
from roadseg_core.ground.grid import END, LEAST_SURE, UNKNOWN, GridSpec
from roadseg_core.ground.pose import Pose
from roadseg_core.labels import IGNORE, LabelMap

EDGE = np.dtype(
    {
        'names': ['x', 'y', 'z', 'confidence', 'label'],
        'formats': ['<f4', '<f4', '<f4', '<f4', 'u1'],
        'offsets': [0, 4, 8, 12, 16],
        'itemsize': 20,
    }
)
"""A point of the road's edge: where a ray ends, in metres of ``base_link``, the class that ends
it, and how sure (0 to 1) it is that this is no road. Laid out as a sensor_msgs/PointCloud2."""

OVERHANGING = frozenset({'vehicle', 'vehicles', 'car', 'truck', 'bus', 'van', 'train', 'trailer'})
"""Names of classes whose bodies hang over the ground: road is seen below their bumpers."""

CLEARANCE = 0.25
"""Metres from the ground to the bodies of vehicles, by default."""

ROAD_THRESHOLD = 0.85
"""Least probability of road, by default: on rendered drives that are not the demo's, at most 1 %
of what is seen within 15 m is then called road and is not."""

_MOST_STEPS = 1024
_TURN = 1e-4
"""Radians by which directions are moved to see how far their pixels move."""


class GroundView(NamedTuple):
    """
    Hold what one frame of one camera says of the ground.

    :param cells: int8 [rows, columns], values as :mod:`.grid` has them
    :param edge: [N] of :data:`EDGE`
    """

    cells: np.ndarray
    edge: np.ndarray


def ground_to_pixels(
    camera: CameraModel, pose: Pose, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """
    Return where a camera sees points of the ground.

    :param points: [N, 2], x and y in metres of ``base_link``
    :returns: float64 [N, 2] pixels, of no meaning where bool [N] is False: not seen
    """
    points = np.asarray(points, np.float64).reshape(-1, 2)
    return camera.project(pose.to_optical(np.pad(points, ((0, 0), (0, 1)))))


class CameraGrid:
    """
    Bring a camera's labels onto the ground; all maps are made once, here.

    Rays run over the ground from below the camera outwards, a pixel apart (half a cell at the
    grid's farthest corner where that is more). Road is projected along each up to the first pixel
    that is not road, and nothing behind it. Where that pixel is of a vehicle, road is seen below
    its body: the ray ends where a body of this clearance begins.

    :param camera: of the label images
    :param label_map: which ids are road, which are vehicles, and which say nothing
    :param clearance: metres from the ground to the bodies of :data:`OVERHANGING` classes
    :param road_threshold: least probability of road, 0..1, where it is given; from the first
        pixel with less, cells are unknown up to the end of the ray; 0: the labels decide
    :raises ValueError: if the camera sees none of the grid's cells, or is below that clearance
    """

    def __init__(
        self,
        camera: CameraModel,
        pose: Pose,
        spec: GridSpec,
        label_map: LabelMap,
        *,
        clearance: float = CLEARANCE,
        road_threshold: float = ROAD_THRESHOLD,
    ) -> None:
        if not 0 <= road_threshold <= 1:
            raise ValueError(f'road threshold {road_threshold}; expected 0.0 to 1.0')
        if not 0 <= clearance < pose.z:
            raise ValueError(
                f'clearance {clearance:g} m for a camera {pose.z:g} m over the ground; expected 0 '
                'to less than its height'
            )
        hanging = [i for i, name in enumerate(label_map.names) if name in OVERHANGING]
        self._hangs = np.zeros(256, bool)
        self._hangs[hanging] = True
        self._nearer = 1 - clearance / pose.z
        self.camera, self.pose, self.spec = camera, pose, spec
        self._stops = np.ones(256, np.uint8)
        self._stops[list(label_map.road_ids)] = 0
        self._least = math.ceil(road_threshold * 255 - 1e-6)
        self._silent = np.zeros(256, bool)
        self._silent[[*label_map.void_ids, IGNORE]] = True
        self._values = np.rint(LEAST_SURE * (1 - np.arange(256) / 255)).astype(np.int8)
        centres = spec.centres().reshape(-1, 2)
        self.pixels, self.seen = ground_to_pixels(camera, pose, centres)
        if not self.seen.any():
            raise ValueError(
                f'camera at ({pose.x:g}, {pose.y:g}, {pose.z:g}) m, roll {pose.roll:g}, pitch '
                f'{pose.pitch:g}, yaw {pose.yaw:g}: it sees no cell of the ground grid; expected '
                'a view of the ground; angles are radians, of the optical frame (z forward) in '
                'base_link'
            )
        self._make_rays(centres[self.seen])

    def project(self, labels: np.ndarray, road_probability: np.ndarray | None = None) -> GroundView:
        """
        Return the cells and the road's edge that a frame shows.

        :param labels: uint8 [H, W], class ids, ``IGNORE`` where there is none
        :param road_probability: uint8 [H, W], 255 is certain; None: all road is equally sure
        :raises ValueError: for images of another size than the camera model's
        """
        stops, labels = cv2.LUT(labels, self._stops), self._flat('labels', labels)
        ends, pixels = self._first_along_rays(stops)
        found = labels.take(pixels)
        # Beyond the last step of any ray, and of the tables, for rays that never end.
        limits = np.where(self._stops.take(found) > 0, np.maximum(ends, self._first), self._never)
        limits = np.where(self._hangs.take(found), self._under.take(limits), limits)
        told = (limits < self._never) & ~self._silent.take(found)
        sure_limits, sure = limits, None
        values = np.zeros(len(self._cells), np.int8)
        if road_probability is not None:
            probability = self._flat('road probability', road_probability)
            values = self._values.take(probability.take(self._cell_pixels))
            sure = 1 - probability.take(pixels) / np.float32(255)
            if self._least:
                unsure = cv2.threshold(road_probability, self._least - 1, 1, cv2.THRESH_BINARY_INV)
                ends, pixels = self._first_along_rays(unsure[1])
                below = probability.take(pixels) < self._least
                sure_limits = np.where(below, np.minimum(ends, limits), limits)
        values[self._cell_steps >= sure_limits.astype(np.int16).take(self._cell_rays)] = UNKNOWN
        cells = self.spec.empty()
        cells.reshape(-1)[self._cells] = values
        said = np.flatnonzero(told)
        reached = self._end_cells[said, limits[said]]
        said = said[reached >= 0]
        cells.reshape(-1)[reached[reached >= 0]] = END
        edge = np.zeros(len(said), EDGE)
        reach = self._reach[limits[said]]
        edge['x'] = self.pose.x + self._ways[said, 0] * reach
        edge['y'] = self.pose.y + self._ways[said, 1] * reach
        edge['label'], edge['confidence'] = found[said], 1 if sure is None else sure[said]
        return GroundView(cells, edge)

    def from_above(self, image: np.ndarray, outside: int) -> np.ndarray:
        """
        Return the grid as if all that the camera sees were flat on the ground; no ray ends.

        :param image: uint8 [H, W], such as labels or a probability
        :param outside: value of cells that are not seen
        :returns: uint8 [rows, columns]
        """
        cells = np.full(self.spec.shape, outside, np.uint8)
        cells.reshape(-1)[self._cells] = self._flat('image', image).take(self._cell_pixels)
        return cells

    def _first_along_rays(self, stops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """
        Return step and pixel, int64 [rays] each, of the first stop along each ray; else its first.

        :param stops: uint8 [H, W], 1 where a ray is to stop, else 0
        """
        ends = stops.reshape(-1).take(self._ray_pixels).view(bool).argmax(axis=1)
        return ends, self._ray_pixels[np.arange(len(ends)), ends]

    def _make_rays(self, centres: np.ndarray) -> None:
        """
        Make the tables of the rays: where they run, in pixels and in cells.

        :param centres: [N, 2] of the cells that are seen
        """
        foot = np.array([self.pose.x, self.pose.y])
        side = self.spec.resolution
        away = centres - foot
        reach = np.hypot(*away.T)
        down = np.arctan2(self.pose.z, reach)
        turned = away + _TURN * away[:, ::-1] * (-1, 1)
        lifted = away * (self._reach_of(down + _TURN) / np.maximum(reach, 1e-9))[:, None]
        # Pixels for each radian, around the camera's foot and from the horizon downwards.
        around, upright = (self._speed(foot + moved) for moved in (turned, lifted))
        count = math.ceil(2 * math.pi * min(around, 2 * reach.max() / side))
        azimuth = np.arctan2(away[:, 1], away[:, 0]) + math.pi
        numbers, rays = np.unique(
            (azimuth * (count / (2 * math.pi))).astype(np.int64) % count, return_inverse=True
        )
        angles = (numbers + 0.5) * (2 * math.pi / count) - math.pi
        self._ways = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        steepest = math.atan2(self.pose.z, max(0.0, reach.min() - 1.5 * side))
        flattest = math.atan2(self.pose.z, reach.max() + side)
        steps = min(_MOST_STEPS, math.ceil((steepest - flattest) * upright) + 1)
        step = (steepest - flattest) / (steps - 1)
        falls = steepest - np.arange(steps) * step
        run = self._ways[:, None] * self._reach_of(falls)[:, None] + foot
        pixels, seen = ground_to_pixels(self.camera, self.pose, run)
        seen = seen.reshape(len(angles), steps)
        # A ray is what is seen of it without a gap; before and behind, its ends are repeated.
        first = seen.argmax(axis=1)
        number = np.arange(steps)
        gone = ~seen & (number > first[:, None])
        last = np.where(gone.any(axis=1), gone.argmax(axis=1), steps) - 1
        kept = np.clip(number, first[:, None], last[:, None])
        at = np.rint((steepest - down) / step).astype(np.int64)
        near = np.clip(at, first[rays], last[rays])
        whole = seen.any(axis=1)[rays] & (np.abs(at - near) <= 1)
        self.seen[np.flatnonzero(self.seen)[~whole]] = False
        pixels = self._index(pixels).reshape(seen.shape)
        self._ray_pixels = np.take_along_axis(pixels, kept, axis=1)
        self._first = first
        # The pixel before is road: the edge lies between the two.
        self._reach = self._reach_of(falls + step / 2)
        # The last step that is not below a body whose lower edge is seen there.
        self._under = np.searchsorted(self._reach, self._reach * self._nearer, side='right') - 1
        self._under = np.append(self._under.clip(0), steps)
        self._never = steps
        # Half a cell on lies the first cell whose middle is beyond the edge.
        ends = self._ways[:, None] * (self._reach + side / 2)[:, None] + foot
        cells, inside = self.spec.cells_of(ends.reshape(-1, 2))
        inside[inside] = self.seen[cells[inside]]
        cells = np.where(inside, cells, -1).reshape(seen.shape)
        self._end_cells = np.take_along_axis(cells, kept, axis=1)
        self._cell_rays, self._cell_steps = rays[whole], near[whole].astype(np.int16)
        self._cells = np.flatnonzero(self.seen)
        self._cell_pixels = self._index(self.pixels[self.seen])

    def _reach_of(self, down: np.ndarray) -> np.ndarray:
        """Return how far from the camera's foot directions below the horizon meet the ground."""
        return self.pose.z / np.tan(down)

    def _speed(self, moved: np.ndarray) -> float:
        """Return the most pixels for each radian that seen cells move by :data:`_TURN`."""
        pixels, _ = ground_to_pixels(self.camera, self.pose, moved)
        return float(np.hypot(*(pixels - self.pixels[self.seen]).T).max()) / _TURN

    def _index(self, pixels: np.ndarray) -> np.ndarray:
        """Return int64 [N], where pixels [N, 2] lie in a flat image; clipped to it."""
        x, y = np.floor(pixels + 0.5).T
        column = np.clip(x, 0, self.camera.width - 1).astype(np.int64)
        return np.clip(y, 0, self.camera.height - 1).astype(np.int64) * self.camera.width + column

    def _flat(self, name: str, image: np.ndarray) -> np.ndarray:
        expected = self.camera.height, self.camera.width
        if image.shape != expected or image.dtype != np.uint8:
            raise ValueError(
                f'{name} {image.dtype} {list(image.shape)}; expected uint8 {list(expected)}, the '
                "size of the camera model's images"
            )
        return image.reshape(-1)
