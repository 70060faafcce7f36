"""Show the fused road grid of a few moments beside the cameras, with the drive's exact ground."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import astuple, dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from roadseg_core.bags.cdr import BILLION, message_types
from roadseg_core.bags.message_types import GRID_TYPE
from roadseg_core.bags.reader import BagReader
from roadseg_core.bags.writer import FIRST_STAMP_NS
from roadseg_core.evaluation.demonstration.frame_pictures import choose_stamps, pick_images
from roadseg_core.evaluation.ground.picture import from_above
from roadseg_core.evaluation.ground.rendered import HOOD, camera_pose
from roadseg_core.evaluation.live.results import LiveRun, mono_images, output_topic
from roadseg_core.ground import END, GridSpec
from roadseg_core.rendering import Drive
from roadseg_core.rendering.config import ROAD
from roadseg_core.report.pictures import Picture, painting, photograph
from roadseg_core.sources.source import Source

GRID = GridSpec()
"""The grid that a node publishes unless told otherwise."""

_SCALE = 3
_UNKNOWN, _SUREST, _LEAST_SURE, _END = (38, 33, 30), (76, 150, 46), (66, 84, 52), (60, 80, 240)
_OUTLINE, _VEHICLE, _RINGS = (255, 255, 255), (230, 200, 120), (90, 84, 80)
_BODY = (-2.2, 2.2, 0.9)
"""Rear and front end of the vehicle, and half its width, in metres."""


GRID_COLOURS = {
    what: f'rgb{colour[::-1]}'
    for what, colour in {
        'road': _SUREST,
        'road, less sure': _LEAST_SURE,
        'what ends the road': _END,
        'not known': _UNKNOWN,
        'true outline of the road': _OUTLINE,
        'the vehicle': _VEHICLE,
    }.items()
}
"""What the colours of a grid's picture mean, in CSS."""


@dataclass(frozen=True)
class GroundMoment:
    """The cameras' pictures and the grid of one moment."""

    seconds: float
    cameras: tuple[Picture, ...]
    grid: Picture


def node_parameters(drive: Drive, cameras: Collection[str]) -> dict[str, str]:
    """Return the parameters that tell a node where a rendered drive's cameras are."""
    parameters = {}
    for camera in cameras:
        pose = ', '.join(f'{value:.9f}' for value in astuple(camera_pose(drive, camera)))
        parameters |= {f'{camera}.pose': f'[{pose}]', f'{camera}.hood': f'{HOOD}'}
    return parameters


def collect_ground(
    run: LiveRun, drive: Drive, sources: Mapping[str, Source], *, count: int
) -> list[GroundMoment]:
    """
    Return up to ``count`` moments of a rendered drive, of those that most came back of.

    :param run: of that drive
    :param drive: knows the exact ground
    :param sources: what was played, by camera
    """
    published = run.drives[0].published
    topics = [output_topic(camera, 'label', node=run.node) for camera in sources]
    cameras = Counter(stamp for _, stamp, _ in mono_images(published, topics))
    came_back = [stamp for stamp, _ in _grids(published, run.node)]
    most = max((cameras[stamp] for stamp in came_back), default=0)
    stamps = choose_stamps([stamp for stamp in came_back if cameras[stamp] == most], count)
    labels = {
        camera: pick_images(published, output_topic(camera, 'label', node=run.node), stamps)
        for camera in sources
    }
    shown: dict[int, list[Picture]] = {stamp: [] for stamp in stamps}
    for camera, source in sources.items():
        for frame in source.frames():
            label = labels[camera].get(frame.stamp_ns)
            if label is not None:
                image = frame.image()
                paint = painting(camera, run.label_map.colorize(label), paint=True)
                under = photograph(camera, image).data
                shown[frame.stamp_ns].append(replace(paint, under=under))
    moments = {}
    for stamp, cells in _grids(published, run.node):
        if stamp in shown:
            index = round((stamp - FIRST_STAMP_NS) / BILLION * drive.config.fps)
            truth = drive.ground_truth(index, GRID.centres()) == ROAD
            picture = photograph('road grid', draw_ground(cells, truth, GRID))
            seconds = (stamp - FIRST_STAMP_NS) / BILLION
            moments[stamp] = GroundMoment(seconds, tuple(shown[stamp]), picture)
    return list(moments.values())


def draw_ground(cells: np.ndarray, road: np.ndarray, spec: GridSpec) -> np.ndarray:
    """
    Draw a grid from above, ahead upwards, with the outline of the true road.

    :param cells: int8 [rows, columns]
    :param road: bool [rows, columns], where the ground truly is road
    :returns: uint8 [3 * columns, 3 * rows, 3], BGR
    """
    table = np.full((256, 3), _UNKNOWN, np.uint8)
    table[:50] = np.linspace(_SUREST, _LEAST_SURE, 50)
    table[END] = _END
    picture = from_above(table[cells.view(np.uint8)], _SCALE)
    middle = np.array([spec.x, spec.y]) + (spec.length / 2, spec.width / 2)
    for metres in range(5, round(max(spec.length, spec.width)), 5):
        radius = round(metres / spec.resolution * _SCALE)
        cv2.circle(picture, _pixel(0, 0, middle, spec), radius, _RINGS, 1, cv2.LINE_AA)
    contours, _ = cv2.findContours(
        from_above(road.astype(np.uint8), _SCALE), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE
    )
    cv2.polylines(picture, contours, True, _OUTLINE, 2, cv2.LINE_AA)
    rear, front, half = _BODY
    corners = _pixel(front, half, middle, spec), _pixel(rear, -half, middle, spec)
    cv2.rectangle(picture, *corners, _VEHICLE, cv2.FILLED)
    return picture


def _pixel(x: float, y: float, middle: np.ndarray, spec: GridSpec) -> tuple[int, int]:
    """Return the pixel of a point in metres; ``middle`` is the corner ahead on the left."""
    right, down = middle[1] - y, middle[0] - x
    return round(right / spec.resolution * _SCALE), round(down / spec.resolution * _SCALE)


def _grids(bag: Path, node: str) -> Iterator[tuple[int, np.ndarray]]:
    """Yield stamp in nanoseconds and int8 [rows, columns] of the fused grids in a bag."""
    topic = f'{node}/road_grid'
    with BagReader(bag) as reader:
        for message in reader.messages([topic] if topic in reader.topics else []):
            grid = message_types().deserialize_cdr(message.data, GRID_TYPE)
            stamp = grid.header.stamp
            shape = grid.info.height, grid.info.width
            yield stamp.sec * BILLION + stamp.nanosec, np.asarray(grid.data, np.int8).reshape(shape)
