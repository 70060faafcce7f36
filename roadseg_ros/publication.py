"""From one frame's segmentation to its messages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from roadseg_core.engines import Segmentation
from roadseg_core.geometry import View
from roadseg_core.labels import LabelMap
from roadseg_core.pipeline.conversion import ConversionError
from roadseg_core.pipeline.outputs import confidence_image, label_image, overlay, road_mask
from roadseg_ros.camera import CameraPublishers
from roadseg_ros.messages import scaled_camera_info, to_image
from roadseg_ros.parameters import Settings


@dataclass(frozen=True)
class FramePublisher:
    """
    Hold a frame while the engine works, then publish what came of it.

    :param image: uint8 [camera_height, camera_width, 3], BGR
    :param network_image: uint8 [input_height, input_width, 3], BGR
    """

    publishers: CameraPublishers
    header: Header
    view: View
    image: np.ndarray
    network_image: np.ndarray
    label_map: LabelMap
    settings: Settings

    def publish(
        self, result: Segmentation, index: int, wanted: frozenset[str], info: CameraInfo | None,
    ) -> str:
        """
        Publish the wanted outputs, each with the frame's own header.

        :param result: the batch's segmentation; this frame is number ``index``
        :param wanted: outputs that somebody subscribes to; the others cost nothing
        :param info: the camera's newest CameraInfo, or None where none came
        :returns: what is wrong with the CameraInfo, or an empty string
        """
        settings = self.settings
        view, place = self.view, settings.output_geometry
        labels = mask = None
        paints_road = 'overlay' in wanted and settings.overlay_mode == 'road'
        paints_labels = 'overlay' in wanted and settings.overlay_mode == 'palette'
        if 'label' in wanted or paints_labels:
            labels = label_image(result.labels[index], view, place)
        if 'label' in wanted:
            self._send('label', labels, 'mono8')
        if 'road_mask' in wanted or paints_road:
            probability = result.road_probability
            mask = road_mask(
                self.label_map, result.labels[index],
                None if probability is None else probability[index],
                threshold=settings.road_threshold, view=view, output_geometry=place)
        if 'road_mask' in wanted:
            self._send('road_mask', mask, 'mono8')
        if 'confidence' in wanted:
            self._send(
                'confidence', confidence_image(result.confidence[index], view, place), 'mono8')
        if 'overlay' in wanted:
            image = self.image if place == 'camera' else self.network_image
            painted = overlay(
                image, self.label_map, labels, mask, alpha=settings.overlay_alpha,
                mode=settings.overlay_mode)
            self._send('overlay', painted, 'bgr8')
        if 'camera_info' in wanted and info is not None:
            try:
                self.publishers.publish(
                    'camera_info', scaled_camera_info(info, self.header, view, place))
            except ConversionError as error:
                return f'no camera_info published: {error}'
        return ''

    def _send(self, output: str, image: np.ndarray, encoding: str) -> None:
        self.publishers.publish(output, to_image(image, encoding, self.header))
