"""Model files: what is written is read back, and what is wrong is refused with a way out."""

from __future__ import annotations

import hashlib
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from roadseg_core.geometry import Geometry
from roadseg_core.labels import TWO
from roadseg_core.model_file import (
    ModelFileError,
    ModelInfo,
    read_model,
    read_model_info,
    write_metadata,
)

MODELS = Path(__file__).resolve().parents[2] / 'models'


def tiny_model(
    *, name='frames', kind=TensorProto.UINT8, shape=('N', 4, 6, 3), output='labels'
) -> onnx.ModelProto:
    graph = helper.make_graph(
        [helper.make_node('ReduceMin', [name], [output], axes=[3], keepdims=0)],
        'tiny',
        [helper.make_tensor_value_info(name, kind, shape)],
        [helper.make_tensor_value_info(output, kind, shape[:3])],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)])


def describe(model: onnx.ModelProto) -> onnx.ModelProto:
    write_metadata(
        model,
        ModelInfo(
            path=Path('unwritten.onnx'),
            label_map=TWO,
            geometry=Geometry('crop', (4, 6)),
            network='tiny',
            network_arguments={'width': 1},
            licence='Apache-2.0',
            card='a tiny network',
            data='nothing',
            metrics={'miou': 0.5},
            commit='abc',
            agreement={'labels': 1.0},
        ),
    )
    return model


def saved(model: onnx.ModelProto, folder: Path) -> Path:
    onnx.save(model, folder / 'model.onnx')
    return folder / 'model.onnx'


def test_round_trip(tmp_path):
    info = read_model_info(saved(describe(tiny_model()), tmp_path))
    assert info.label_map == TWO
    assert info.geometry == Geometry('crop', (4, 6))
    assert (info.network, info.network_arguments, info.max_batch) == ('tiny', {'width': 1}, 4)
    assert info.outputs == ('labels',)
    assert (info.licence, info.metrics, info.agreement) == (
        'Apache-2.0',
        {'miou': 0.5},
        {'labels': 1.0},
    )
    assert len(info.sha256) == 64


@pytest.mark.parametrize(
    ('model', 'message'),
    [
        (lambda: tiny_model(), 'without the metadata'),
        (lambda: describe(tiny_model(name='image')), 'inputs'),
        (lambda: describe(tiny_model(kind=TensorProto.FLOAT)), 'is float'),
        (lambda: describe(tiny_model(shape=('N', 5, 6, 3))), 'expected uint8'),
        (lambda: describe(tiny_model(shape=(1, 4, 6, 3))), 'expected uint8'),
        (lambda: describe(tiny_model(output='classes')), 'expected labels'),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path, model, message):
    path = saved(model(), tmp_path)
    with pytest.raises(ModelFileError, match=message) as error:
        read_model_info(path)
    assert 'roadseg export' in str(error.value)
    assert str(path) in str(error.value)


def test_a_newer_format_is_refused(tmp_path):
    model = describe(tiny_model())
    next(p for p in model.metadata_props if p.key == 'roadseg_format').value = '2'
    with pytest.raises(ModelFileError, match="format '2'.*reads 1 to 1"):
        read_model_info(saved(model, tmp_path))


@pytest.mark.parametrize('place', ['initializer', 'attribute'])
def test_weights_in_another_file_are_refused(tmp_path, place):
    model = describe(tiny_model())
    weights = helper.make_tensor('weights', TensorProto.FLOAT, [1], [1.0])
    if place == 'initializer':
        model.graph.initializer.append(weights)
        kept = model.graph.initializer[0]
    else:
        node = helper.make_node('Constant', [], ['weights'], value=weights)
        model.graph.node.append(node)
        kept = model.graph.node[-1].attribute[0].t
    read_model_info(saved(model, tmp_path))
    kept.data_location = TensorProto.EXTERNAL
    with pytest.raises(ModelFileError, match="'weights' are in another file"):
        read_model_info(saved(model, tmp_path))


def test_what_is_read_is_what_was_hashed(tmp_path):
    path = saved(describe(tiny_model()), tmp_path)
    model = read_model(path)
    path.write_bytes(b'another file')
    assert hashlib.sha256(model.content).hexdigest() == model.info.sha256


def test_damaged_and_missing_files_are_refused(tmp_path):
    path = saved(describe(tiny_model()), tmp_path)
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(ModelFileError, match='damaged'):
        read_model_info(path)
    path.write_bytes(b'')
    with pytest.raises(ModelFileError):
        read_model_info(path)
    with pytest.raises(ModelFileError, match='cannot read'):
        read_model_info(tmp_path / 'none.onnx')


@pytest.mark.parametrize('name', ['mobilenet_fcn_0.5', 'unet_8'])
def test_the_shipped_models_say_what_they_are(name):
    info = read_model_info(MODELS / f'{name}.onnx')
    assert info.geometry.input_size == (320, 480)
    assert info.max_batch == 4
    assert info.outputs == ('labels', 'road_probability', 'confidence')
    assert 'non-commercial' in info.licence
    assert info.agreement['labels'] >= 0.9995
    assert (MODELS / f'{name}.md').is_file()
