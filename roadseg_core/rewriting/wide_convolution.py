"""Make convolutions of few filters compute two neighbouring pixels at once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx

from roadseg_core.rewriting.graph import Graph, is_plain_convolution, make_node, set_attribute

_UNARY = ('Relu', 'Clip', 'QuantizeLinear', 'DequantizeLinear')
"""What works on each value by itself and runtimes fuse into a convolution."""

_READERS = ('Conv', 'Add')
_INT8_READERS = ('Conv',)
"""What gains more than it loses; a pooling, which moves the channels first, does not, nor a sum
in int8."""


def widen_convolutions(model: onnx.ModelProto, *, lanes: int = 16) -> onnx.ModelProto:
    """
    Turn 3x3 convolutions whose filters fill half a vector into 3x4 ones of twice the filters.

    A runtime computes as many filters at a time as a vector has lanes: 8 of 16 stay idle with 8
    filters. With stride 2 along the width, ``[w, 0]`` and ``[0, w]`` give two neighbouring
    pixels at once: 12 multiplications per lane instead of 18. The result lies in memory as
    before where channels come last (width, phase, filter), so that putting the phases in their
    places moves nothing there. For runtimes that keep channels last and have no idle lanes to
    spare: on others the transpositions cost more than they save.

    :param lanes: of single precision in a vector; 16 for AVX-512
    """
    graph = Graph(model)
    for convolution in [node for node in graph.nodes if node.op_type == 'Conv']:
        if not _fits(graph, convolution, lanes):
            continue
        sizes = graph.shape(convolution.output[0])
        if sizes is None or sizes[2] % 2:
            continue
        filters = _widen(graph, convolution)
        _put_in_place(graph, convolution.output[0], (-1, *sizes[1:], filters))
    return graph.model()


def _fits(graph: Graph, node: onnx.NodeProto, lanes: int) -> bool:
    pair = _dequantizing(graph, node)
    weight = graph.constant(node.input[1] if pair is None else pair.input[0])
    return (
        weight is not None
        and weight.shape[2:] == (3, 3)
        and 2 * len(weight) <= lanes
        and is_plain_convolution(node, stride=1, padding=1)
        and all(graph.constant(name) is not None for name in node.input[2:])
        and node.output[0] not in graph.outputs
        and _is_read_in_place(graph, node.output[0], _READERS if pair is None else _INT8_READERS)
    )


def _is_read_in_place(graph: Graph, value: str, readers: tuple[str, ...]) -> bool:
    """Tell whether all that reads a value takes it from phases without a loss."""
    return all(
        _is_read_in_place(graph, node.output[0], readers)
        if _is_unary(graph, node, value)
        else node.op_type in readers
        for node in graph.consumers(value)
    )


def _dequantizing(graph: Graph, node: onnx.NodeProto) -> onnx.NodeProto | None:
    """Return the node that makes the weights of int8 constants; None where they are floats."""
    producer = graph.producer(node.input[1])
    return producer if producer is not None and producer.op_type == 'DequantizeLinear' else None


def _widen(graph: Graph, node: onnx.NodeProto) -> int:
    """Give a convolution filters for two pixels, in the type they have; return their number."""
    pair = _dequantizing(graph, node)
    if pair is not None:
        values, *ranges = (graph.constant(name) for name in pair.input)
        filters = len(values)
        twice = [np.tile(value, 2) if value.ndim else value for value in ranges]
        name = f'{node.input[1]}_wide'
        wide = [
            graph.add_constant(f'{name}_{i}', value)
            for i, value in enumerate((_wide(values), *twice))
        ]
        graph.replace(pair, pair, make_node('DequantizeLinear', wide, name, axis=0))
        node.input[1] = name
    else:
        values = graph.constant(node.input[1])
        filters = len(values)
        node.input[1] = graph.add_constant(f'{node.input[1]}_wide', _wide(values))
    if len(node.input) > 2:
        node.input[2] = graph.add_constant(
            f'{node.input[2]}_wide', np.tile(graph.constant(node.input[2]), 2)
        )
    set_attribute(node, 'kernel_shape', [3, 4])
    set_attribute(node, 'strides', [1, 2])
    return filters


def _wide(weight: np.ndarray) -> np.ndarray:
    """Return [2 * out, in, 3, 4] for the left and the right pixel from [out, in, 3, 3]."""
    return np.concatenate(
        [np.pad(weight, ((0, 0), (0, 0), (0, 0), sides)) for sides in ((0, 1), (1, 0))]
    )


def _put_in_place(graph: Graph, value: str, shape: tuple[int, ...]) -> None:
    """Let the readers of ``value`` find its phases side by side; unary ones come first."""
    readers = graph.consumers(value)
    unary = [node for node in readers if _is_unary(graph, node, value)]
    for node in unary:
        _put_in_place(graph, node.output[0], shape)
    others = [node for node in readers if node not in unary]
    if not others:
        return
    producer = graph.producer(value)
    nodes = list(_interleaving(graph, value, shape))
    graph.replace(producer, producer, *nodes)
    for node in others:
        for index, name in enumerate(node.input):
            if name == value:
                node.input[index] = nodes[-1].output[0]


def _is_unary(graph: Graph, node: onnx.NodeProto, value: str) -> bool:
    return (
        node.op_type in _UNARY
        and node.input[0] == value
        and node.output[0] not in graph.outputs
        and all(
            graph.constant(name) is not None and graph.constant(name).size == 1
            for name in node.input[1:]
            if name
        )
    )


def _interleaving(graph: Graph, value: str, shape: tuple[int, ...]) -> Iterator[onnx.NodeProto]:
    """Give the nodes from [N, 2 * C, H, W / 2] to [N, C, H, W]; ``shape``: -1, H, W, C."""
    last, joined, placed = (f'{value}_{step}' for step in ('last', 'joined', 'placed'))
    sizes = graph.add_constant(f'{value}_sizes', np.array(shape, np.int64))
    yield make_node('Transpose', [value], last, perm=[0, 2, 3, 1])
    yield make_node('Reshape', [last, sizes], joined)
    yield make_node('Transpose', [joined], placed, perm=[0, 3, 1, 2])
