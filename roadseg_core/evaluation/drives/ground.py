"""Compare a camera's labels with the truth on the ground, where its pose is known."""

from __future__ import annotations

import numpy as np

from roadseg_core.bags.cdr import message_types
from roadseg_core.bags.message_types import CAMERA_INFO_TYPE, camera_info_topic
from roadseg_core.evaluation.drives.cameras import Camera
from roadseg_core.evaluation.settings.sections import GroundChoice
from roadseg_core.evaluation.settings.values import EvaluationError
from roadseg_core.geometry import View
from roadseg_core.ground import CameraGrid, CameraModel, GridSpec, Pose
from roadseg_core.ground.camera_model import camera_info_values
from roadseg_core.labels import IGNORE, LabelMap
from roadseg_core.metrics import GroundCounts
from roadseg_core.pipeline.segmentation import Segmentation
from roadseg_core.sources.camera_bag import Reader

WITHIN = 20.0
"""Metres within which the figures of a row are counted."""


class GroundComparison:
    """
    Count the cells of a camera's grids against its true labels, brought onto the ground.

    :param camera: of the camera's images
    :param truth_map: what the ids of the truth mean
    :ivar counts: of all frames
    :raises ValueError: if the camera sees none of the grid's cells
    """

    def __init__(
        self, camera: CameraModel, pose: Pose, label_map: LabelMap, truth_map: LabelMap
    ) -> None:
        self.counts = GroundCounts()
        self._camera, self._pose = camera, pose
        self._label_map, self._truth_map = label_map, truth_map
        self._spec = GridSpec()
        self._distance = np.hypot(*self._spec.centres().transpose(2, 0, 1))
        self._true = self._grid(camera)
        self._made: tuple[View, CameraGrid] | None = None

    def add(self, view: View, result: Segmentation, truth: np.ndarray) -> dict[str, float | None]:
        """
        Add a frame.

        :param view: how it became the network's input
        :param result: a batch of it alone
        :param truth: uint8 [H, W] of the camera's size
        :returns: its figures within :data:`WITHIN`
        :raises ValueError: if the calibration is not of such images
        """
        if self._made is None or self._made[0] != view:
            self._made = view, self._grid(self._camera.viewed(view))
        _, said = self._made
        probability = result.road_probability
        cells, _ = said.project(result.labels[0], None if probability is None else probability[0])
        own = GroundCounts()
        flat = self._true.from_above(self._truth_map.road_truth(truth), IGNORE)
        own.update(flat, cells, self._distance)
        self.counts.merge(own)
        return own.figures(WITHIN)

    def _grid(self, camera: CameraModel) -> CameraGrid:
        return CameraGrid(camera, self._pose, self._spec, self._label_map)


def open_ground(
    choice: GroundChoice, camera: Camera, bag: Reader, *, label_map: LabelMap, truth_map: LabelMap
) -> GroundComparison | None:
    """
    Return what compares a camera on the ground; None for one whose pose is not known.

    :param bag: read for its CameraInfo, by nobody else meanwhile
    :raises EvaluationError: if the bag has none, or it or the pose cannot be used
    """
    values = choice.poses.get(camera.name)
    if values is None:
        return None
    topic = camera_info_topic(camera.topic)
    found = next(bag.index(topic), None) if topic in bag.topics else None
    if found is None:
        raise EvaluationError(
            f'--pose {camera.name}: {bag.path} has no {topic}; expected the CameraInfo of '
            f'{camera.topic}; record it, or leave the pose out'
        )
    info = message_types().deserialize_cdr(bytes(bag.fetch(found[1])), CAMERA_INFO_TYPE)
    try:
        model = CameraModel.from_camera_info(**camera_info_values(info))
        return GroundComparison(
            model.without_hood(choice.hood), Pose(*values), label_map, truth_map
        )
    except ValueError as error:
        raise EvaluationError(f'camera {camera.name} of {bag.path}: {error}') from error
