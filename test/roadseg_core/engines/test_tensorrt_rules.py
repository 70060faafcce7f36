"""TensorRT's rules for graphs: every model file and every network keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from roadseg_core.engines import EngineError
from roadseg_core.engines.tensorrt.network import prepare_network
from roadseg_core.engines.tensorrt.rules import find_problems, refuse_unsupported
from roadseg_core.export.half_precision import to_half
from roadseg_core.export.run import build_onnx
from roadseg_core.geometry import Geometry
from roadseg_core.labels import SEVEN, TWO
from roadseg_core.model_file import OUTPUTS, read_model_info
from roadseg_core.models import NETWORKS, build_network
from roadseg_core.quantization.graph import quantize_graph

MODELS = sorted((Path(__file__).resolve().parents[3] / 'models').glob('*.onnx'))
TINY = [
    ('baseline', {'classes': 7, 'filters': 4}),
    ('ddrnet_slim', {'classes': 7, 'width': 4, 'context': 8, 'head': 8}),
    ('edge_seg_net', {'classes': 7, 'width': 4, 'refinement': 8}),
    ('fast_scnn', {'classes': 7, 'width': 0.25}),
    ('fcn8s_vgg16', {'classes': 7, 'width': 1 / 32}),
    ('mobilenet_fcn', {'depth_multiplier': 0.1, 'classifier_depth': 16}),
    ('mobilenet_fcn', {'depth_multiplier': 0.1, 'classifier_depth': 16, 'skip_stride': 8}),
    ('multi_branch', {'classes': 7, 'detail': 4, 'fusion': 8}),
    ('pidnet_s', {'classes': 7, 'width': 4, 'context': 8, 'head': 8}),
    ('unet', {'out_channels': 7, 'filters': 2}),
    ('unet', {'out_channels': 1, 'filters': 2}),
    ('unet_vgg19', {'classes': 7, 'width': 1 / 16}),
]


def problems_of(model: onnx.ModelProto, outputs: Sequence[str]) -> list[str]:
    return find_problems(prepare_network(model, outputs))


@pytest.mark.parametrize('path', MODELS, ids=lambda path: path.stem)
def test_every_model_file_keeps_the_rules(path):
    model = onnx.load(path)
    held = read_model_info(path).outputs
    for outputs in (held, *((name,) for name in held)):
        assert problems_of(model, outputs) == []


def test_there_are_model_files():
    assert len(MODELS) >= 2


@pytest.mark.parametrize(
    ('name', 'arguments'),
    TINY,
    ids=lambda value: (
        value if isinstance(value, str) else ''.join(f'{v:.2g}' for v in value.values())
    ),
)
def test_an_export_of_every_network_keeps_the_rules(name, arguments):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    network = build_network(name, arguments).eval()
    model = build_onnx(
        network,
        label_map=SEVEN if network.classes == 7 else TWO,
        geometry=Geometry('stretch', (64, 64)),
    )
    torch.set_num_threads(threads)
    assert problems_of(model, OUTPUTS) == []
    assert problems_of(model, ['labels']) == []


def test_quantized_and_half_files_keep_the_rules():
    network = build_network('unet', {'out_channels': 1, 'filters': 2}).eval()
    model = build_onnx(network, label_map=TWO, geometry=Geometry('stretch', (32, 48)))
    frames = np.random.default_rng(0).integers(0, 256, (1, 32, 48, 3), np.uint8)
    quantized = quantize_graph(model, frames)
    assert [node for node in quantized.graph.node if node.op_type == 'QuantizeLinear']
    for form in (quantized, to_half(model)):
        assert problems_of(form, OUTPUTS) == []
        assert problems_of(form, ['labels']) == []


def test_every_network_is_exported():
    assert {name for name, _ in TINY} == set(NETWORKS)


def graph(
    nodes: list[onnx.NodeProto], *, weights: dict[str, np.ndarray] | None = None, opset: int = 17
) -> onnx.ModelProto:
    """Make a model of nodes from ``frames`` to ``labels``."""
    weights = {'zero': np.float32(0), 'most': np.float32(255), **(weights or {})}
    return helper.make_model(
        helper.make_graph(
            nodes,
            'graph',
            [helper.make_tensor_value_info('frames', TensorProto.UINT8, ['N', 4, 6, 3])],
            [helper.make_tensor_value_info('labels', TensorProto.UINT8, ['N', 4, 6, 3])],
            [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()],
        ),
        opset_imports=[helper.make_opsetid('', opset)],
        ir_version=8,
    )


def framed(*nodes: onnx.NodeProto, kind: int = TensorProto.FLOAT) -> list[onnx.NodeProto]:
    """Put nodes from ``x`` to ``y`` between the bytes that come in and go out."""
    return [
        helper.make_node('Cast', ['frames'], ['x'], to=kind),
        *nodes,
        helper.make_node('Round', ['y'], ['whole']),
        helper.make_node('Clip', ['whole', 'zero', 'most'], ['clipped']),
        helper.make_node('Cast', ['clipped'], ['labels'], to=TensorProto.UINT8),
    ]


def node(kind: str, inputs: str, output: str, **attributes: object) -> onnx.NodeProto:
    return helper.make_node(kind, inputs.split(), [output], **attributes)


def test_a_plain_graph_breaks_no_rule():
    assert find_problems(graph(framed(node('Relu', 'x', 'y')))) == []


@pytest.mark.parametrize(
    ('nodes', 'weights', 'expected'),
    [
        ([node('Bernoulli', 'x', 'y')], {}, 'Bernoulli y: TensorRT has no such operator'),
        (
            [
                node('Cast', 'x', 'i', to=TensorProto.INT32),
                node('DepthToSpace', 'i', 'p', blocksize=2),
                node('SpaceToDepth', 'p', 'b', blocksize=2),
                node('Cast', 'b', 'y', to=1),
            ],
            {},
            'DepthToSpace p: in int32; expected bfloat16, float, float16',
        ),
        (
            [
                node('Cast', 'x', 'd', to=TensorProto.DOUBLE),
                node('Relu', 'd', 'r'),
                node('Cast', 'r', 'y', to=1),
            ],
            {},
            'Relu r: in double',
        ),
        (
            [node('Cast', 'x', 'b', to=TensorProto.UINT8), node('Cast', 'b', 'y', to=1)],
            {},
            'Cast b: b is uint8 inside of the network',
        ),
        (
            [
                node('Cast', 'x', 'i', to=TensorProto.INT32),
                node('Cast', 'i', 'b', to=TensorProto.UINT8),
                node('Cast', 'b', 'y', to=1),
            ],
            {},
            'casts int32 to uint8',
        ),
        (
            [node('Resize', 'x none scales', 'y', mode='cubic')],
            {'none': np.zeros(0, np.float32), 'scales': np.ones(4, np.float32)},
            'mode cubic; expected nearest or linear',
        ),
        (
            [node('MaxPool', 'x', 'y', kernel_shape=[1, 1], dilations=[2, 2])],
            {},
            'dilations [2, 2]; expected ones',
        ),
        (
            [
                node('Cast', 'x', 'i', to=TensorProto.INT64),
                node('ReduceMax', 'i', 'm', keepdims=0),
                node('Unsqueeze', 'm m', 'u'),
                node('Cast', 'u', 'y', to=1),
            ],
            {},
            'input m must be a constant',
        ),
        (
            [node('QuantizeLinear', 'x s z', 'q'), node('DequantizeLinear', 'q s z', 'y')],
            {'s': np.float32(0.1), 'z': np.uint8(0)},
            'q is uint8; expected int8',
        ),
        (
            [node('QuantizeLinear', 'x s z', 'q'), node('DequantizeLinear', 'q s z', 'y')],
            {'s': np.float32(0.1), 'z': np.int8(3)},
            'its zero point is 3; expected 0',
        ),
        (
            [
                node('QuantizeLinear', 'x s z', 'q', axis=3),
                node('DequantizeLinear', 'q s z', 'y', axis=3),
            ],
            {'s': np.ones(3, np.float32), 'z': np.zeros(3, np.int8)},
            '3 scales for activations',
        ),
        (
            [node('DequantizeLinear', 'bias s', 'b'), node('Add', 'x b', 'y')],
            {'s': np.float32(0.1), 'bias': np.int32([1, 2, 3])},
            'in int32; expected int8',
        ),
    ],
)
def test_a_broken_rule_is_told(nodes, weights, expected):
    found = find_problems(graph(framed(*nodes), weights=weights))
    assert any(expected in problem for problem in found), found


def test_bytes_that_are_not_rounded_and_clipped_are_told():
    def told(*nodes: onnx.NodeProto) -> str:
        (text,) = find_problems(
            graph([node('Cast', 'frames', 'x', to=1), *nodes], weights={'low': np.float32(-1)})
        )
        return text

    last = node('Cast', 'y', 'labels', to=TensorProto.UINT8)
    assert told(node('Relu', 'x', 'y'), last) == (
        'output labels: Round and Clip must come before the cast to uint8'
    )
    assert 'Clip must' in told(node('Round', 'x', 'y'), last)
    assert 'other bounds' in told(node('Round', 'x', 'r'), node('Clip', 'r low most', 'y'), last)


def test_symmetric_quantization_keeps_the_rules():
    weights = {
        's': np.float32(0.1),
        'z': np.int8(0),
        'weight': np.ones((3, 3, 1, 1), np.int8),
        'ws': np.ones(3, np.float32),
        'wz': np.zeros(3, np.int8),
    }
    nodes = framed(
        node('QuantizeLinear', 'x s z', 'q'),
        node('DequantizeLinear', 'q s z', 'd'),
        node('Transpose', 'd', 't', perm=[0, 3, 1, 2]),
        node('DequantizeLinear', 'weight ws wz', 'w', axis=0),
        node('Conv', 't w', 'c'),
        node('Transpose', 'c', 'y', perm=[0, 2, 3, 1]),
    )
    assert find_problems(graph(nodes, weights=weights)) == []


def test_the_opset_and_types_that_do_not_fit_are_told():
    assert find_problems(graph(framed(node('Relu', 'x', 'y')), opset=21))[0] == (
        'opset 21; expected 9 to 20'
    )
    mixed = graph(framed(node('Relu', 'x', 'y'), kind=TensorProto.FLOAT16))
    assert find_problems(mixed) == ['Clip clipped: mixes float and float16']
    ill = graph(framed(node('Concat', 'x', 'y', axis=7)))
    assert 'do not fit each other' in find_problems(ill)[0]


def test_the_refusal_names_the_file_and_tells_the_first_problems():
    nodes = framed(*(node('Bernoulli', 'x', name) for name in 'abcdefgy'))
    with pytest.raises(
        EngineError,
        match=r'^street.onnx is nothing for TensorRT: Bernoulli a: '
        r'.*; and 3 more$',
    ):
        refuse_unsupported(graph(nodes), 'street.onnx')
