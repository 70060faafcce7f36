"""Serialize a source's frames as the messages that are sent."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from roadseg_core.bags.cdr import compressed_cdr, image_cdr, message_types, with_stamp
from roadseg_core.bags.images import parse_compressed, parse_raw
from roadseg_core.bags.message_types import CAMERA_INFO_TYPE, COMPRESSED_TYPE, RAW_TYPE
from roadseg_core.geometry import Geometry
from roadseg_core.pipeline.conversion import ConversionError
from roadseg_core.pipeline.decoding import Fallback
from roadseg_core.pipeline.outputs import scale_camera_matrices
from roadseg_core.sources.source import SourceFrame

TRANSPORTS = ('raw', 'compressed')
JPEG_QUALITY = 90


@dataclass(frozen=True)
class Encoder:
    """
    Serialize frames.

    :param transport: ``raw`` (sensor_msgs/Image) or ``compressed`` (CompressedImage)
    :param size: (height, width) to bring all images to, or None to leave them
    :param fallback: converts raw encodings that the pipeline does not know
    """

    transport: str
    size: tuple[int, int] | None = None
    fallback: Fallback | None = None

    @property
    def message_type(self) -> str:
        """Return the type of the messages."""
        return RAW_TYPE if self.transport == 'raw' else COMPRESSED_TYPE

    def encode(self, frame: SourceFrame) -> bytes:
        """
        Return the serialized image, passed as it is wherever that is possible.

        :raises ConversionError: if the image cannot be decoded
        """
        message, kind = frame.message, frame.message_type
        if message.error:
            raise ConversionError(message.error)
        if self.size is None and kind == self.message_type:
            return with_stamp(message.data, frame.stamp_ns)
        image = frame.image(self.fallback)
        parse = parse_compressed if kind == COMPRESSED_TYPE else parse_raw
        frame_id = parse(message.data).frame_id
        if self.size is not None and image.shape[:2] != self.size:
            image = Geometry('stretch', self.size).view(image.shape[:2]).forward(image)
        if self.transport == 'raw':
            return image_cdr(image, encoding='bgr8', stamp_ns=frame.stamp_ns, frame_id=frame_id)
        done, data = cv2.imencode('.jpg', image, (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))
        if not done:
            raise ConversionError(f'image of {image.shape} cannot be written as JPEG')
        return compressed_cdr(
            data.tobytes(), file_format='jpeg', stamp_ns=frame.stamp_ns, frame_id=frame_id
        )

    def encode_info(self, cdr: bytes) -> bytes:
        """Return the serialized CameraInfo, scaled where the images are."""
        if self.size is None:
            return cdr
        types = message_types()
        info = types.deserialize_cdr(cdr, CAMERA_INFO_TYPE)
        if info.height and info.width:
            matrix = Geometry('stretch', self.size).view((info.height, info.width)).matrix()
            k, p = scale_camera_matrices(info.k, info.p, matrix)
            info.k, info.p = np.ravel(k), np.ravel(p)
        info.height, info.width = self.size
        return bytes(types.serialize_cdr(info, CAMERA_INFO_TYPE))
