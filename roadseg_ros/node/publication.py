"""Publish the outputs of one segmented frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from sensor_msgs.msg import CameraInfo, CompressedImage
from std_msgs.msg import Header

from roadseg_core.pipeline.conversion import ConversionError
from roadseg_core.pipeline.frame import FRAME_OUTPUTS, Frame, FrameImages
from roadseg_core.pipeline.run_lengths import autoware_ids
from roadseg_ros.node.camera import OutputPublishers
from roadseg_ros.node.messages import run_length_image, scaled_camera_info, to_jpeg
from roadseg_ros.node.parameters import NodeSettings

MASKS = frozenset({'label', 'road_mask', 'confidence', 'label_rle', 'ground'})
"""Outputs that a planner drives by."""

OVERLAYS = frozenset({'overlay', 'overlay/compressed'})
"""Outputs for people, who can wait until the planner has its masks."""

_OUTPUTS = (*FRAME_OUTPUTS, 'overlay/compressed', 'camera_info', 'label_rle')


@dataclass(frozen=True)
class FramePublisher:
    """
    Publish the outputs of a frame, each with the frame's own header.

    :param images: makes the frame's images
    :param info: the camera's newest CameraInfo, or None where none came
    :param at: told of each thing that is begun
    """

    publishers: OutputPublishers
    header: Header
    frame: Frame
    images: FrameImages
    info: CameraInfo | None
    settings: NodeSettings
    at: Callable[[str], None]

    def publish(self, wanted: frozenset[str]) -> list[str]:
        """
        Publish some outputs; one that cannot be made or sent costs itself alone.

        :param wanted: outputs that somebody subscribes to; the others cost nothing
        :returns: a line for each output that was lost
        """
        problems = []
        for output in _OUTPUTS:
            if output not in wanted or (output == 'camera_info' and self.info is None):
                continue
            try:
                self.at('making')
                message = self._message(output)
                self.at('publishing')
                self.publishers.publish(output, message)
            except Exception as error:
                said = str(error) if isinstance(error, ConversionError) else repr(error)
                problems.append(f'no {output} published: {said}')
        return problems

    def _message(self, output: str) -> np.ndarray | CompressedImage | CameraInfo:
        if output == 'camera_info':
            place = self.settings.output_geometry
            return scaled_camera_info(self.info, self.header, self.frame.view, place)
        if output == 'overlay/compressed':
            quality = self.settings.overlay_jpeg_quality
            return to_jpeg(self.images.make('overlay'), quality, self.header)
        if output == 'label_rle':
            ids = autoware_ids(self.images.label_map)
            return run_length_image(cv2.LUT(self.images.make('label'), ids), self.header)
        buffer = self.publishers.buffers[output]
        stamp = self.header.stamp
        pixels = buffer.place((stamp.sec, stamp.nanosec), self.header.frame_id, self.images.size)
        self.images.make(output, out=pixels)
        return buffer.message
