"""Messages and arrays: pixels, headers and cameras survive both ways."""

from __future__ import annotations

import array
import copy
import sys
import types

import cv2
import numpy as np
import pytest

pytest.importorskip('sensor_msgs.msg', reason='needs sensor_msgs: ROS or its wheels')

from sensor_msgs.msg import CameraInfo, CompressedImage, Image, RegionOfInterest
from std_msgs.msg import Header

from roadseg_core.geometry import Geometry
from roadseg_core.pipeline.compressed import decode_compressed
from roadseg_core.pipeline.conversion import ConversionError, UnsupportedEncodingError
from roadseg_core.pipeline.decoding import image_to_bgr
from roadseg_ros.cv_bridge_fallback import through_cv_bridge
from roadseg_ros.node.messages import scaled_camera_info, to_jpeg


@pytest.fixture
def header() -> Header:
    """Return a header as a camera sends it."""
    result = Header(frame_id='front_optical')
    result.stamp.sec, result.stamp.nanosec = 1_600_000_000, 999_999_999
    return result


@pytest.fixture
def pixels() -> np.ndarray:
    """Return a BGR picture."""
    return np.random.default_rng(2).integers(0, 256, (30, 40, 3), np.uint8)


def raw_message(data: bytes, encoding: str, height: int, width: int, step: int) -> Image:
    message = Image(encoding=encoding, height=height, width=width, step=step)
    message.data = array.array('B', data)
    return message


@pytest.fixture
def info() -> CameraInfo:
    """Return the CameraInfo of a calibrated 160x90 camera."""
    result = CameraInfo(height=90, width=160, distortion_model='plumb_bob')
    result.header.frame_id = 'driver'
    result.d = [0.1, -0.2, 0.0, 0.01, 0.5]
    result.k = np.array([100.0, 0, 79.5, 0, 110, 44.5, 0, 0, 1])
    result.r = np.array([0.0, 1, 0, 1, 0, 0, 0, 0, 1])
    result.p = np.array([90.0, 0, 78, -9, 0, 91, 43, 0, 0, 0, 1, 0])
    return result


def test_bgr8_arrives_as_a_view(pixels: np.ndarray) -> None:
    message = raw_message(pixels.tobytes(), 'bgr8', 30, 40, 120)
    found = image_to_bgr(message, through_cv_bridge)
    np.testing.assert_array_equal(found, pixels)
    assert np.shares_memory(found, np.frombuffer(message.data, np.uint8))


def test_other_encodings_are_converted(pixels: np.ndarray) -> None:
    rgb = np.ascontiguousarray(pixels[:, :, ::-1])
    np.testing.assert_array_equal(
        image_to_bgr(raw_message(rgb.tobytes(), 'rgb8', 30, 40, 120)), pixels
    )
    with pytest.raises(ConversionError, match='truncated'):
        image_to_bgr(raw_message(rgb.tobytes()[:-1], 'rgb8', 30, 40, 120))


def test_compressed(pixels: np.ndarray) -> None:
    data = cv2.imencode('.png', pixels)[1].tobytes()
    message = CompressedImage(format='bgr8; png compressed bgr8')
    message.data = array.array('B', data)
    np.testing.assert_array_equal(decode_compressed(message.data, message.format), pixels)
    message.data = array.array('B', data[:-1])
    with pytest.raises(ConversionError, match='truncated'):
        decode_compressed(message.data, message.format)


def test_without_cv_bridge_the_error_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'cv_bridge', None)
    message = raw_message(bytes(24), 'mono16', 3, 4, 8)
    with pytest.raises(UnsupportedEncodingError, match=r"'mono16'.*install cv_bridge"):
        image_to_bgr(message, through_cv_bridge)


def stand_in_for_cv_bridge(monkeypatch: pytest.MonkeyPatch) -> None:
    """Provide what we use of cv_bridge; the real one comes with ROS distributions only."""

    class CvBridgeError(TypeError):
        """The error of cv_bridge."""

    class CvBridge:
        """Convert mono16, as cv_bridge does."""

        def imgmsg_to_cv2(self, message: Image, desired_encoding: str) -> np.ndarray:
            if (message.encoding, desired_encoding) != ('mono16', 'bgr8'):
                raise CvBridgeError(f'no conversion from {message.encoding}')
            grey = np.ndarray(
                (message.height, message.width),
                '<u2',
                bytes(message.data),
                strides=(message.step, 2),
            )
            return cv2.cvtColor((grey >> 8).astype(np.uint8), cv2.COLOR_GRAY2BGR)

    module = types.ModuleType('cv_bridge')
    module.CvBridge, module.CvBridgeError = CvBridge, CvBridgeError
    monkeypatch.setitem(sys.modules, 'cv_bridge', module)


def test_cv_bridge_converts_what_we_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in_for_cv_bridge(monkeypatch)
    grey = np.arange(12, dtype='<u2').reshape(3, 4) << 8
    found = image_to_bgr(raw_message(grey.tobytes(), 'mono16', 3, 4, 8), through_cv_bridge)
    np.testing.assert_array_equal(found, (grey >> 8)[:, :, None].repeat(3, 2))


@pytest.mark.parametrize(
    ('encoding', 'height', 'message'),
    [
        ('32FC1', 3, 'cannot convert to bgr8: no conversion from 32FC1'),
        ('mono16', 4, 'truncated'),
        ('mono16', 0, 'expected sides'),
    ],
)
def test_bad_images_for_cv_bridge(
    monkeypatch: pytest.MonkeyPatch,
    encoding: str,
    height: int,
    message: str,
) -> None:
    stand_in_for_cv_bridge(monkeypatch)
    with pytest.raises(ConversionError, match=message):
        image_to_bgr(raw_message(bytes(24), encoding, height, 4, 8), through_cv_bridge)


def test_camera_info_in_camera_geometry_is_the_cameras_own(
    info: CameraInfo,
    header: Header,
) -> None:
    info.binning_x, info.roi.x_offset, info.width = 2, 10, 320
    before = copy.deepcopy(info)
    view = Geometry('crop', (32, 48)).view((90, 160))
    found = scaled_camera_info(info, header, view, 'camera')
    assert info == before
    assert found.header == header and found.header is not header
    found.header = copy.deepcopy(info.header)
    assert found == before


@pytest.mark.parametrize('mode', ['stretch', 'letterbox', 'crop'])
def test_camera_info_in_network_geometry(info: CameraInfo, header: Header, mode: str) -> None:
    view = Geometry(mode, (32, 48)).view((90, 160))
    before = copy.deepcopy(info)
    found = scaled_camera_info(info, header, view, 'network')
    assert info == before
    assert (found.height, found.width) == (32, 48)
    assert found.header == header and found.header is not header
    np.testing.assert_allclose(found.k.reshape(3, 3), view.matrix() @ info.k.reshape(3, 3))
    np.testing.assert_allclose(found.p.reshape(3, 4), view.matrix() @ info.p.reshape(3, 4))
    assert list(found.d) == list(info.d)
    assert list(found.r) == list(info.r)
    assert found.distortion_model == 'plumb_bob'


def test_stretch_keeps_the_middle_in_the_middle(info: CameraInfo, header: Header) -> None:
    view = Geometry('stretch', (45, 80)).view((90, 160))
    found = scaled_camera_info(info, header, view, 'network')
    np.testing.assert_allclose(found.k, [50, 0, 39.5, 0, 55, 22, 0, 0, 1])


def test_binning_and_region_go_into_the_matrices(info: CameraInfo, header: Header) -> None:
    # The image: 2x2 bins of a 160x90 region at (40, 20) of a 400x300 sensor, kept at its size.
    info.height, info.width, info.binning_x, info.binning_y = 300, 400, 2, 2
    info.roi = RegionOfInterest(x_offset=40, y_offset=20, width=160, height=90)
    view = Geometry('stretch', (45, 80)).view((45, 80))
    found = scaled_camera_info(info, header, view, 'network')
    # Sensor pixels 40 and 41 make image pixel 0, whose centre is at sensor 40.5.
    np.testing.assert_allclose(
        found.k, [50, 0, (79.5 - 40.5) / 2, 0, 55, (44.5 - 20.5) / 2, 0, 0, 1]
    )
    assert (found.binning_x, found.binning_y) == (0, 0)
    assert found.roi == RegionOfInterest()


def test_uncalibrated_cameras_stay_uncalibrated(header: Header) -> None:
    view = Geometry('letterbox', (32, 48)).view((90, 160))
    found = scaled_camera_info(CameraInfo(), header, view, 'network')
    assert not found.k.any() and not found.p.any()
    assert (found.height, found.width) == (32, 48)


@pytest.mark.parametrize('output_geometry', ['camera', 'network'])
def test_camera_info_of_another_size_is_refused(
    info: CameraInfo,
    header: Header,
    output_geometry: str,
) -> None:
    view = Geometry('stretch', (32, 48)).view((45, 80))
    with pytest.raises(ConversionError, match='160x90 pixels with images of 80x45'):
        scaled_camera_info(info, header, view, output_geometry)


def test_odd_sides_may_be_binned_either_way(info: CameraInfo, header: Header) -> None:
    info.height, info.width, info.binning_x, info.binning_y = 91, 161, 2, 2
    for size in ((45, 80), (46, 81)):
        scaled_camera_info(info, header, Geometry('stretch', (32, 48)).view(size), 'network')
    with pytest.raises(ConversionError, match=r'80\.5x45\.5'):
        scaled_camera_info(info, header, Geometry('stretch', (32, 48)).view((47, 81)), 'network')


def test_a_jpeg_is_the_picture_and_smaller_at_less_quality(header, pixels):
    smooth = cv2.resize(pixels, None, fx=10, fy=10)
    good, poor = (to_jpeg(smooth, quality, header) for quality in (95, 20))
    assert good.header == header and good.header is not header
    assert len(poor.data) < len(good.data)
    assert np.abs(decode_compressed(good.data, good.format).astype(int) - smooth).mean() < 3
