"""Model files in fp16: they agree with fp32, keep TensorRT's rules, and open."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from roadseg_core.engines import open_engine
from roadseg_core.engines.tensorrt.network import prepare_network
from roadseg_core.engines.tensorrt.rules import find_problems
from roadseg_core.export.half_precision import HalfPrecisionError, convert_file, to_half
from roadseg_core.model_file import OUTPUTS, read_model_info
from roadseg_core.sources.picture_batches import load_pictures

MODELS = sorted((Path(__file__).resolve().parents[3] / 'models').glob('*.onnx'))


@pytest.mark.parametrize('path', MODELS, ids=lambda path: path.stem)
def test_a_shipped_model_in_fp16_agrees_and_opens(path, tmp_path):
    if read_model_info(path).precision != 'fp32':
        pytest.skip('only a file in fp32 has an fp16 form')
    frames = load_pictures(read_model_info(path).geometry, None, 1)
    output = tmp_path / 'half.onnx'
    agreement = convert_file(path, output, frames, of='noise')
    assert agreement['labels'] > 0.995
    golden = len(json.dumps(read_model_info(path).golden_frame.to_dict()))
    assert output.stat().st_size - golden < 0.52 * (path.stat().st_size - golden)
    info = read_model_info(output)
    assert (info.precision, info.agreement) == ('fp16', agreement)
    half = onnx.load(output)
    kinds = {tensor.data_type for tensor in half.graph.initializer}
    assert TensorProto.FLOAT16 in kinds and TensorProto.FLOAT not in kinds
    for outputs in (('labels',), OUTPUTS):
        assert find_problems(prepare_network(half, outputs)) == []
    engine = open_engine(output, backend='openvino', threads=1)
    assert engine.infer(frames[:1]).labels.shape == frames[:1, ..., 0].shape
    engine.close()


def test_the_scales_of_a_resize_stay_in_fp32():
    helper = onnx.helper
    nodes = [
        helper.make_node('Cast', ['frames'], ['x'], to=TensorProto.FLOAT),
        helper.make_node('Resize', ['x', '', 'scales'], ['y'], mode='linear'),
        helper.make_node(
            'Constant', [], ['c'], value=onnx.numpy_helper.from_array(np.float32([1.5]))
        ),
        helper.make_node('Mul', ['y', 'c'], ['z']),
        helper.make_node('Cast', ['z'], ['labels'], to=TensorProto.UINT8),
    ]
    model = helper.make_model(
        helper.make_graph(
            nodes,
            'resize',
            [helper.make_tensor_value_info('frames', TensorProto.UINT8, [1, 2, 2])],
            [helper.make_tensor_value_info('labels', TensorProto.UINT8, [1, 4, 4])],
            [onnx.numpy_helper.from_array(np.float32([1, 2, 2]), 'scales')],
        ),
        opset_imports=[helper.make_opsetid('', 17)],
        ir_version=8,
    )
    half = to_half(model)
    assert half.graph.initializer[0].data_type == TensorProto.FLOAT
    assert half.graph.node[2].attribute[0].t.data_type == TensorProto.FLOAT16
    assert half.graph.node[0].attribute[0].i == TensorProto.FLOAT16
    assert model.graph.node[0].attribute[0].i == TensorProto.FLOAT
    model.graph.node[2].attribute[0].t.CopyFrom(onnx.numpy_helper.from_array(np.float32([1e5])))
    with pytest.raises(HalfPrecisionError, match='has values to 100000; fp16 ends at 65504'):
        to_half(model)


def test_what_agrees_too_little_or_is_no_fp32_is_not_written(tmp_path):
    path = MODELS[-1]
    frames = load_pictures(read_model_info(path).geometry, None, 1)
    with pytest.raises(HalfPrecisionError, match='nothing is written'):
        convert_file(path, tmp_path / 'half.onnx', frames, of='noise', limit=1.1)
    assert not list(tmp_path.iterdir())
    convert_file(path, tmp_path / 'half.onnx', frames, of='noise')
    with pytest.raises(HalfPrecisionError, match='is fp16; expected a file in fp32'):
        convert_file(tmp_path / 'half.onnx', tmp_path / 'again.onnx', frames, of='noise')
