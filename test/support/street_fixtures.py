"""Small bags of a street to evaluate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from rosbags.rosbag2 import StoragePlugin, Writer

from roadseg_core.bags.cdr import BILLION, image_cdr, message_types
from roadseg_core.bags.message_types import RAW_TYPE
from roadseg_core.geometry import Geometry
from roadseg_core.labels import TWO
from roadseg_core.model_file import ModelInfo, write_metadata

FIRST_STAMP_NS = 1_700_000_000 * BILLION
PERIOD_NS = 100_000_000
ROOT = Path(__file__).resolve().parents[2]


def street(number: int, *, height: int = 80, width: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """Return a drawn street, uint8 [H, W, 3] BGR, and where it is road: uint8 [H, W], 1 or 0."""
    image = np.empty((height, width, 3), np.uint8)
    image[: height // 2], image[height // 2 :] = (230, 190, 140), (60, 120, 70)
    shift = 3 * (number % 9)
    corners = np.array(
        [
            (shift, height),
            (width - 20 + shift, height),
            (width // 2 + 8 + shift, height // 2),
            (width // 2 - 8 + shift, height // 2),
        ]
    )
    road = np.zeros((height, width), np.uint8)
    cv2.fillPoly(road, [corners], 1)
    image[road == 1] = (95, 90, 90)
    return image, road


@pytest.fixture
def street_bag(tmp_path: Path) -> Callable[..., Path]:
    """
    Return a function that writes a bag of a street: raw images and the truth, road or not.

    The topics are /camera/NAME/image_raw and /truth/NAME/label, ids of the label map 'two'.
    """

    def make(
        name: str,
        *,
        frames: int = 12,
        cameras: tuple[str, ...] = ('front',),
        first: int = 0,
        mcap: bool = True,
    ) -> Path:
        types = message_types()
        path = tmp_path / name
        with Writer(
            path, version=8, storage_plugin=(StoragePlugin.MCAP if mcap else StoragePlugin.SQLITE3)
        ) as bag:
            topics = {
                camera: tuple(
                    bag.add_connection(topic, RAW_TYPE, typestore=types)
                    for topic in (f'/camera/{camera}/image_raw', f'/truth/{camera}/label')
                )
                for camera in cameras
            }
            for number in range(frames):
                stamp = FIRST_STAMP_NS + number * PERIOD_NS
                for place, (images, truths) in enumerate(topics.values()):
                    image, road = street(first + number + 4 * place)
                    for connection, array, encoding in (
                        (images, image, 'bgr8'),
                        (truths, road, 'mono8'),
                    ):
                        bag.write(
                            connection,
                            stamp,
                            image_cdr(array, encoding=encoding, stamp_ns=stamp, frame_id='lens'),
                        )
        return path

    return make


@pytest.fixture
def model() -> str:
    """Return the model file that most tests use."""
    return str(ROOT / 'models' / 'mobilenet_fcn_0.5.onnx')


@pytest.fixture(scope='session')
def exact_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a model file that knows the drawn street's colours: its labels are the truth."""
    path = tmp_path_factory.mktemp('model') / 'exact.onnx'
    sides = ('N', 80, 120)
    constants = [
        onnx.numpy_helper.from_array(np.array(value, np.float32), name)
        for name, value in (('low', 75), ('high', 110))
    ]
    nodes = [
        onnx.helper.make_node(kind, inputs, [output], **attributes)
        for kind, inputs, output, attributes in (
            ('Cast', ['frames'], 'values', {'to': onnx.TensorProto.FLOAT}),
            ('ReduceMin', ['values'], 'least', {'axes': [3], 'keepdims': 0}),
            ('Greater', ['least', 'low'], 'above', {}),
            ('Less', ['least', 'high'], 'below', {}),
            ('And', ['above', 'below'], 'road', {}),
            ('Cast', ['road'], 'labels', {'to': onnx.TensorProto.UINT8}),
            ('ReduceMax', ['values'], 'most', {'axes': [3], 'keepdims': 0}),
            ('Cast', ['most'], 'confidence', {'to': onnx.TensorProto.UINT8}),
        )
    ]
    model = onnx.helper.make_model(
        onnx.helper.make_graph(
            nodes,
            'exact',
            [onnx.helper.make_tensor_value_info('frames', onnx.TensorProto.UINT8, (*sides, 3))],
            [
                onnx.helper.make_tensor_value_info(name, onnx.TensorProto.UINT8, sides)
                for name in ('labels', 'confidence')
            ],
            constants,
        ),
        opset_imports=[onnx.helper.make_opsetid('', 17)],
    )
    write_metadata(
        model,
        ModelInfo(
            path=Path('unwritten.onnx'),
            label_map=TWO,
            geometry=Geometry('stretch', (80, 120)),
            network='exact',
            network_arguments={},
            licence='Apache-2.0',
            card='',
            data='',
        ),
    )
    onnx.save(model, path)
    return str(path)
