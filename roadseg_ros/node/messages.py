"""Make messages of run lengths, compressed overlays and camera geometry."""

from __future__ import annotations

import array
import copy

import cv2
import numpy as np
from sensor_msgs.msg import CameraInfo, CompressedImage, RegionOfInterest
from std_msgs.msg import Header

from roadseg_core.bags.image_buffer import image_head
from roadseg_core.geometry import View
from roadseg_core.pipeline.conversion import ConversionError
from roadseg_core.pipeline.outputs import OUTPUT_GEOMETRIES, scale_camera_matrices
from roadseg_core.pipeline.run_lengths import run_lengths


def run_length_image(image: np.ndarray, header: Header) -> bytes:
    """
    Make a ``sensor_msgs/Image``, serialized, whose data are run lengths, as Autoware has them.

    :param image: uint8 [H, W]
    :param header: the header of the frame that the image was made of
    """
    data, stamp = run_lengths(image), (header.stamp.sec, header.stamp.nanosec)
    size = image.shape
    return image_head(stamp, header.frame_id, size, 'mono8', size[1], len(data)) + data


def to_jpeg(image: np.ndarray, quality: int, header: Header) -> CompressedImage:
    """
    Make a message of a picture, a JPEG.

    :param image: uint8 [H, W, 3], BGR
    :param quality: of the JPEG, 1..100
    :param header: the header of the frame that the picture was made of; copied
    """
    message = CompressedImage(format='bgr8; jpeg compressed bgr8')
    message.header = _copy_header(header)
    _, encoded = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    message.data = array.array('B', encoded.tobytes())
    return message


def scaled_camera_info(
    info: CameraInfo,
    header: Header,
    view: View,
    output_geometry: str,
) -> CameraInfo:
    """
    Describe the camera of a published image.

    In ``camera`` geometry that is the camera's own CameraInfo, with binning and region of
    interest, under the image's header. In ``network`` geometry K and P also take in the binning,
    the region and the view, so those two fields are unset in the result; D and R do not
    depend on the size of an image and stay. Sides of 0 mean an unknown size, taken to be the
    image's; an uncalibrated camera (K of zeros) stays one.

    :param info: the camera's newest CameraInfo; not changed
    :param header: the header of the image's frame; copied
    :param view: how the camera's image was brought to the network's size
    :param output_geometry: one of :data:`roadseg_core.pipeline.outputs.OUTPUT_GEOMETRIES`
    :raises ConversionError: if the CameraInfo is for images of another size than the view's
    """
    if output_geometry not in OUTPUT_GEOMETRIES:
        raise ValueError(
            f'output geometry {output_geometry!r}; expected one of {OUTPUT_GEOMETRIES}'
        )
    _check_described_size(info, view.camera_size)
    result = copy.deepcopy(info)
    result.header = _copy_header(header)
    if output_geometry == 'camera':
        return result
    k, p = scale_camera_matrices(info.k, info.p, view.matrix() @ _sensor_to_image(info))
    result.k, result.p = k.ravel(), p.ravel()
    result.height, result.width = view.input_size
    result.binning_x = result.binning_y = 0
    result.roi = RegionOfInterest()
    return result


def _sensor_to_image(info: CameraInfo) -> np.ndarray:
    """Return the float64 [3, 3] map from full sensor to image pixels: region, then binning."""
    bin_x, bin_y = max(1, info.binning_x), max(1, info.binning_y)
    return np.array(
        [
            [1 / bin_x, 0.0, (0.5 - info.roi.x_offset) / bin_x - 0.5],
            [0.0, 1 / bin_y, (0.5 - info.roi.y_offset) / bin_y - 0.5],
            [0.0, 0.0, 1.0],
        ]
    )


def _check_described_size(info: CameraInfo, camera_size: tuple[int, int]) -> None:
    """Refuse a CameraInfo for images of another size: its matrices would be wrong."""
    # A region of zeros means the whole sensor.
    height = info.roi.height or info.height
    width = info.roi.width or info.width
    bin_x, bin_y = max(1, info.binning_x), max(1, info.binning_y)
    for side, binning, found in ((height, bin_y, camera_size[0]), (width, bin_x, camera_size[1])):
        # Drivers round the sides of a binned image down or up.
        if side and not side // binning <= found <= -(-side // binning):
            raise ConversionError(
                f'CameraInfo for images of {width / bin_x:g}x{height / bin_y:g} pixels with '
                f'images of {camera_size[1]}x{camera_size[0]}; expected the same size; '
                'calibrate at the size of the images, or set camera_info_topic to theirs'
            )


def _copy_header(header: Header) -> Header:
    """Copy a header, so that no two messages share one."""
    return copy.deepcopy(header)
