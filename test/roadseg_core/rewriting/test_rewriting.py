"""Exact rewrites of exported graphs: the same outputs, and what is not recognised stays."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from roadseg_core.rewriting import (
    fold_normalization,
    fold_padding,
    merge_upsampling,
    rewrite,
    split_upsampling,
    widen_convolutions,
)
from roadseg_core.rewriting.graph import Graph, attribute, set_attribute

RNG = np.random.default_rng(5)


def model_of(
    nodes: list[onnx.NodeProto],
    constants: dict[str, np.ndarray],
    *,
    kind: int = onnx.TensorProto.FLOAT,
    sizes: tuple = ('N', 4, 6, 6),
) -> onnx.ModelProto:
    """Make a model from ``frames`` to ``out``."""
    graph = helper.make_graph(
        nodes,
        'test',
        [helper.make_tensor_value_info('frames', kind, sizes)],
        [helper.make_tensor_value_info('out', onnx.TensorProto.FLOAT, [None] * 4)],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)


def outputs(model: onnx.ModelProto, frames: np.ndarray) -> np.ndarray:
    return ReferenceEvaluator(model).run(None, {'frames': frames})[0]


def kinds(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node]


def floats(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32)


def padded_convolution(
    *,
    sides: list[int],
    fill: float = 0.0,
    mode: str = 'constant',
) -> onnx.ModelProto:
    return model_of(
        [
            helper.make_node('Pad', ['frames', 'sides', 'fill'], ['padded'], mode=mode),
            helper.make_node('Conv', ['padded', 'weight'], ['out'], strides=[2, 2]),
        ],
        {
            'sides': np.array(sides, np.int64),
            'fill': np.float32(fill),
            'weight': floats(5, 4, 3, 3),
        },
    )


def test_an_uneven_padding_moves_into_the_convolution() -> None:
    model = padded_convolution(sides=[0, 0, 0, 1, 0, 0, 1, 2])
    folded = fold_padding(model)
    frames = floats(2, 4, 6, 6)
    assert kinds(folded) == ['Conv']
    assert attribute(folded.graph.node[0], 'pads') == [0, 1, 1, 2]
    np.testing.assert_allclose(outputs(folded, frames), outputs(model, frames), atol=1e-5)


@pytest.mark.parametrize(
    'changed',
    [
        {'fill': 1.0},
        {'mode': 'edge'},
        {'sides': [0, 1, 0, 0, 0, -1, 1, 1]},
        {'sides': [0, 0, -1, 0, 0, 0, 1, 1]},
    ],
)
def test_another_padding_stays(changed: dict) -> None:
    model = padded_convolution(**{'sides': [0, 0, 0, 0, 0, 0, 1, 1], **changed})
    assert kinds(fold_padding(model)) == ['Pad', 'Conv']


def normalization(*, order: tuple[int, ...] = (2, 1, 0), less: float = 1.0) -> onnx.ModelProto:
    return model_of(
        [
            helper.make_node('Transpose', ['frames'], ['a'], perm=[0, 3, 1, 2]),
            helper.make_node('Cast', ['a'], ['b'], to=onnx.TensorProto.FLOAT),
            helper.make_node('Gather', ['b', 'order'], ['c'], axis=1),
            helper.make_node('Mul', ['c', 'scale'], ['d']),
            helper.make_node('Sub', ['d', 'less'], ['e']),
            helper.make_node('Conv', ['e', 'weight', 'bias'], ['out'], pads=[1, 1, 1, 1]),
        ],
        {
            'order': np.array(order),
            'scale': np.float32(1 / 127.5),
            'less': np.float32(less),
            'weight': floats(4, 3, 3, 3),
            'bias': floats(4),
        },
        kind=onnx.TensorProto.UINT8,
        sizes=('N', 6, 8, 3),
    )


@pytest.mark.parametrize('order', [(2, 1, 0), (1, 2, 0), (0, 1, 2)])
def test_scale_and_colour_order_move_into_the_convolution(order: tuple[int, ...]) -> None:
    model = normalization(order=order)
    folded = fold_normalization(model)
    frames = RNG.integers(0, 256, (2, 6, 8, 3), np.uint8)
    assert kinds(folded) == ['Cast', 'Sub', 'Transpose', 'Conv']
    np.testing.assert_allclose(outputs(folded, frames), outputs(model, frames), atol=1e-4)


def test_another_normalization_stays() -> None:
    model = normalization(less=0.5)
    assert kinds(fold_normalization(model)) == kinds(model)


def skip_block(*, channels: tuple[int, int, int] = (4, 6, 5)) -> onnx.ModelProto:
    """Enlarge ``frames`` twice, join both and convolve, as a level of the U-Net does."""
    before, middle, after = channels
    return model_of(
        [
            helper.make_node(
                'ConvTranspose',
                ['frames', 'skip_weight'],
                ['skip'],
                strides=[2, 2],
                kernel_shape=[2, 2],
                name='skip',
            ),
            helper.make_node(
                'ConvTranspose',
                ['frames', 'up_weight', 'up_bias'],
                ['up'],
                strides=[2, 2],
                kernel_shape=[2, 2],
                name='up',
            ),
            helper.make_node('Concat', ['skip', 'up'], ['both'], axis=1),
            helper.make_node(
                'Conv', ['both', 'weight', 'bias'], ['out'], pads=[1, 1, 1, 1], kernel_shape=[3, 3]
            ),
        ],
        {
            'up_weight': floats(before, middle, 2, 2),
            'up_bias': floats(middle),
            'skip_weight': floats(before, 2, 2, 2),
            'weight': floats(after, 2 + middle, 3, 3),
            'bias': floats(after),
        },
    )


def test_an_upsampling_beside_a_skip_is_merged() -> None:
    model = skip_block()
    merged = merge_upsampling(model)
    frames = floats(2, 4, 6, 6)
    assert kinds(merged) == [
        'ConvTranspose',
        'Conv',
        'ConvTranspose',
        'Gather',
        'Gather',
        'Add',
        'Add',
    ]
    found, expected = outputs(merged, frames), outputs(model, frames)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    # The border is where a bias of the upsampling counts less.
    np.testing.assert_allclose(found[..., 0, :], expected[..., 0, :], atol=1e-4)


def test_what_would_cost_more_is_not_merged() -> None:
    model = skip_block(channels=(4, 1, 5))
    assert kinds(merge_upsampling(model)) == kinds(model)


@pytest.mark.parametrize('size', [1.0, 1e-5])
def test_a_merged_upsampling_is_split(size: float) -> None:
    model = skip_block(channels=(4, 2, 2))
    for constant in model.graph.initializer:
        if constant.name == 'weight':
            weight = numpy_helper.to_array(constant).copy()
            weight[0] *= size
            constant.CopyFrom(numpy_helper.from_array(weight, 'weight'))
    merged = merge_upsampling(model)
    split = split_upsampling(merged)
    assert kinds(split) == kinds(model) != kinds(merged)
    frames = floats(2, 4, 6, 6)
    np.testing.assert_allclose(outputs(split, frames), outputs(model, frames), atol=1e-3)


@pytest.mark.parametrize('channels', [(4, 6, 5), (4, 6, 2)])
def test_what_no_two_layers_make_is_not_split(channels: tuple[int, int, int]) -> None:
    merged = merge_upsampling(skip_block(channels=channels))
    assert kinds(split_upsampling(merged)) == kinds(merged)


def test_what_is_not_recognised_stays() -> None:
    model = skip_block()
    set_attribute(model.graph.node[3], 'dilations', [2, 2])
    assert kinds(rewrite(model)) == kinds(model)


def convolutions(
    *,
    quantized: bool = False,
    last: str = 'Conv',
    filters: int = 3,
) -> onnx.ModelProto:
    """Convolve ``frames`` twice, with a ReLU between and weights in int8 on request."""
    weight = floats(filters, 4, 3, 3)
    nodes = [
        helper.make_node('Conv', ['frames', 'weight', 'bias'], ['a'], pads=[1] * 4),
        helper.make_node('Relu', ['a'], ['b']),
    ]
    constants = {'weight': weight, 'bias': floats(filters), 'weight2': floats(2, filters, 1, 1)}
    read = 'b'
    if quantized:
        scale = np.abs(weight).max((1, 2, 3)) / 127
        constants |= {
            'weight': np.round(weight / scale[:, None, None, None]).astype(np.int8),
            'scale': scale,
            'zeros': np.zeros(filters, np.int8),
            'step': np.float32(0.05),
            'zero': np.int8(0),
        }
        nodes[0].input[1] = 'dequantized'
        nodes.insert(
            0,
            helper.make_node(
                'DequantizeLinear', ['weight', 'scale', 'zeros'], ['dequantized'], axis=0
            ),
        )
        nodes += [
            helper.make_node('QuantizeLinear', ['b', 'step', 'zero'], ['c']),
            helper.make_node('DequantizeLinear', ['c', 'step', 'zero'], ['d']),
        ]
        read = 'd'
    nodes.append(
        {
            'Conv': helper.make_node('Conv', [read, 'weight2'], ['out']),
            'Add': helper.make_node('Add', [read, read], ['out']),
            'MaxPool': helper.make_node('MaxPool', [read], ['out'], kernel_shape=[2, 2]),
        }[last]
    )
    return model_of(nodes, constants)


@pytest.mark.parametrize('quantized', [False, True])
def test_few_filters_compute_two_pixels(quantized: bool) -> None:
    import onnxruntime

    model = convolutions(quantized=quantized)
    wide = widen_convolutions(model)
    onnx.checker.check_model(wide, full_check=True)
    chain = ['Transpose', 'Reshape', 'Transpose', 'Conv']
    pair = ['QuantizeLinear', 'DequantizeLinear'] if quantized else []
    assert kinds(wide) == [*pair[1:], 'Conv', 'Relu', *pair, *chain]
    convolution = next(node for node in wide.graph.node if node.op_type == 'Conv')
    assert attribute(convolution, 'strides') == [1, 2]
    frames = floats(2, 4, 6, 6)
    found, expected = (
        onnxruntime.InferenceSession(
            one.SerializeToString(),
            providers=['CPUExecutionProvider'],
        ).run(None, {'frames': frames})[0]
        for one in (wide, model)
    )
    np.testing.assert_allclose(found, expected, atol=0.3 if quantized else 1e-5)
    assert np.abs(found - expected).mean() < (0.01 if quantized else 1e-6)


@pytest.mark.parametrize(
    ('arguments', 'lanes'),
    [
        ({'last': 'MaxPool'}, 16),
        ({'last': 'Add', 'quantized': True}, 16),
        ({'filters': 9}, 16),
        ({}, 4),
    ],
)
def test_other_convolutions_stay_narrow(arguments: dict, lanes: int) -> None:
    model = convolutions(**arguments)
    assert kinds(widen_convolutions(model, lanes=lanes)) == kinds(model)


def test_the_model_that_is_given_is_not_changed() -> None:
    model = skip_block()
    before = model.SerializeToString()
    rewrite(model)
    assert model.SerializeToString() == before


def test_the_graph_knows_what_is_constant() -> None:
    model = model_of(
        [
            helper.make_node('Add', ['one', 'one'], ['two']),
            helper.make_node('Mul', ['frames', 'two'], ['out']),
        ],
        {'one': np.float32(1)},
    )
    graph = Graph(model)
    assert graph.constant('two') == 2.0
    assert graph.constant('out') is None
    assert graph.add_constant('one', np.float32(3)) == 'one_0'
    assert graph.shape('frames') == (4, 6, 6)
    assert graph.only_consumer('out') is None
