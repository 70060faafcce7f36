"""From one frame's segmentation to its messages."""

from __future__ import annotations

from dataclasses import dataclass

from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from roadseg_core.engines import Segmentation
from roadseg_core.labels import LabelMap
from roadseg_core.pipeline.conversion import ConversionError
from roadseg_core.pipeline.frame import FRAME_OUTPUTS, Frame
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
    ) -> str:
        """
        Publish the wanted outputs, each with the frame's own header.

        :param result: the batch's segmentation; this frame is number ``index``
        :param wanted: outputs that somebody subscribes to; the others cost nothing
        :param info: the camera's newest CameraInfo, or None where none came
        :returns: what is wrong with the CameraInfo, or an empty string
        """
        options = self.settings.output_options
        images = self.frame.outputs(
            result,
            index,
            wanted | {'overlay'} if 'overlay/compressed' in wanted else wanted,
            label_map=self.label_map,
            options=options,
        )
        for output in FRAME_OUTPUTS:
            if output in wanted:
                encoding = 'bgr8' if output == 'overlay' else 'mono8'
                self.publishers.publish(output, to_image(images[output], encoding, self.header))
        if 'overlay/compressed' in wanted:
            self.publishers.publish(
                'overlay/compressed',
                to_jpeg(images['overlay'], self.settings.overlay_jpeg_quality, self.header),
            )
        if 'camera_info' in wanted and info is not None:
            try:
                self.publishers.publish(
                    'camera_info',
                    scaled_camera_info(info, self.header, self.frame.view, options.output_geometry),
                )
            except ConversionError as error:
                return f'no camera_info published: {error}'
        return ''
