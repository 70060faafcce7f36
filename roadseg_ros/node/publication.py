"""From one frame's segmentation to its messages."""

from __future__ import annotations

from dataclasses import dataclass

from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from roadseg_core.engines import Segmentation
from roadseg_core.labels import LabelMap
from roadseg_core.pipeline.conversion import ConversionError
from roadseg_core.pipeline.frame import FRAME_OUTPUTS, Frame, FrameImages
from roadseg_ros.node.camera import CameraPublishers
from roadseg_ros.node.messages import scaled_camera_info, to_image, to_jpeg
from roadseg_ros.node.parameters import Settings


@dataclass(frozen=True)
class FramePublisher:
    """Hold a frame while the engine works, then publish what came of it."""

    publishers: CameraPublishers
    header: Header
    frame: Frame
    label_map: LabelMap
    settings: Settings

    def publish(
        self,
        result: Segmentation,
        index: int,
        wanted: frozenset[str],
        info: CameraInfo | None,
    ) -> list[str]:
        """
        Publish the wanted outputs, each with the frame's own header.

        An output that cannot be made or sent costs itself alone.

        :param result: the batch's segmentation; this frame is number ``index``
        :param wanted: outputs that somebody subscribes to; the others cost nothing
        :param info: the camera's newest CameraInfo, or None where none came
        :returns: a line for each output that was lost
        """
        options = self.settings.output_options
        images = FrameImages(self.frame, result, index, self.label_map, options)
        problems = []
        for output in (*FRAME_OUTPUTS, 'overlay/compressed', 'camera_info'):
            if output not in wanted or (output == 'camera_info' and info is None):
                continue
            try:
                self.publishers.publish(output, self._message(output, images, info))
            except Exception as error:
                said = str(error) if isinstance(error, ConversionError) else repr(error)
                problems.append(f'no {output} published: {said}')
        return problems

    def _message(
        self, output: str, images: FrameImages, info: CameraInfo
    ) -> Image | CompressedImage | CameraInfo:
        if output == 'camera_info':
            place = self.settings.output_geometry
            return scaled_camera_info(info, self.header, self.frame.view, place)
        if output == 'overlay/compressed':
            quality = self.settings.overlay_jpeg_quality
            return to_jpeg(images.make('overlay'), quality, self.header)
        encoding = 'bgr8' if output == 'overlay' else 'mono8'
        return to_image(images.make(output), encoding, self.header)
