"""From a source's frame to the serialized message that is sent."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import cv2
import numpy as np
from rosbags.serde import SerdeError

from roadseg_core.bags.cdr import compressed_cdr, image_cdr, message_types, with_stamp
from roadseg_core.bags.message_types import CAMERA_INFO_TYPE, COMPRESSED_TYPE, RAW_TYPE
from roadseg_core.geometry import Geometry
from roadseg_core.pipeline.compressed import decode_compressed
from roadseg_core.pipeline.conversion import ConversionError, to_bgr
from roadseg_core.pipeline.outputs import scale_camera_matrices
from roadseg_core.sources.source import (
    EncodedPicture,
    Payload,
    Picture,
    RecordedMessage,
    SourceFrame,
)

TRANSPORTS = ('raw', 'compressed')
JPEG_QUALITY = 90


@dataclass(frozen=True)
class Encoder:
    """
    Serialize frames.

    :param transport: ``raw`` (sensor_msgs/Image) or ``compressed`` (CompressedImage)
    :param size: (height, width) to bring all images to, or None to leave them
    :param frame_id: frame of images that have none of their own
    """

    transport: str
    size: tuple[int, int] | None = None
    frame_id: str = ''

    @property
    def message_type(self) -> str:
        """Return the type of the messages."""
        return RAW_TYPE if self.transport == 'raw' else COMPRESSED_TYPE

    def encode(self, frame: SourceFrame) -> bytes:
        """
        Return the serialized image, passed as it is wherever that is possible.

        :raises ConversionError: if the image cannot be decoded
        """
        payload = frame.payload
        if self.size is None:
            if isinstance(payload, RecordedMessage) and payload.message_type == self.message_type:
                return with_stamp(payload.cdr, frame.stamp_ns)
            if isinstance(payload, EncodedPicture) and self.transport == 'compressed':
                return compressed_cdr(
                    payload.data,
                    file_format=payload.format,
                    stamp_ns=frame.stamp_ns,
                    frame_id=self.frame_id,
                )
        image, frame_id = _decode(payload, self.frame_id)
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


def decode(payload: Payload) -> np.ndarray:
    """
    Return uint8 [H, W, 3], BGR.

    :raises ConversionError: if it cannot be decoded
    """
    return _decode(payload, '')[0]


def _decode(payload: Payload, default_frame_id: str) -> tuple[np.ndarray, str]:
    """Return uint8 [H, W, 3], and the frame id: the recorded one, or the default."""
    if isinstance(payload, Picture):
        return payload.image, default_frame_id
    if isinstance(payload, EncodedPicture):
        return decode_compressed(payload.data, payload.format), default_frame_id
    if not isinstance(payload, RecordedMessage):
        raise ConversionError(f'{payload.name}: {payload.reason}')
    try:
        message = message_types().deserialize_cdr(payload.cdr, payload.message_type)
    except (SerdeError, ValueError, IndexError, struct.error) as error:
        raise ConversionError(f'the recorded message is damaged: {error}') from error
    if payload.message_type == COMPRESSED_TYPE:
        return decode_compressed(message.data, message.format), message.header.frame_id
    image = to_bgr(
        message.data,
        height=message.height,
        width=message.width,
        step=message.step,
        encoding=message.encoding,
    )
    return image, message.header.frame_id
