"""Merge a learned upsampling with the convolution that reads it beside a skip."""

from __future__ import annotations

import numpy as np
import onnx

from roadseg_core.rewriting.graph import Graph, attribute, is_plain_convolution, make_node


def merge_upsampling(model: onnx.ModelProto) -> onnx.ModelProto:
    """
    Merge a transposed 2x2 convolution into the 3x3 convolution after its concatenation.

    Nothing non-linear lies between the two, as in the U-Net (Ronneberger et al. 2015, figure
    1): ``conv([skip, up(x)])`` equals ``conv_skip(skip) + up4(x) + b``, where ``up4`` is one
    transposed convolution of kernel 4, stride 2 and padding 1, and ``b`` holds both biases; it
    differs at the border only, where the 3x3 kernel reads zeros and not the bias of ``up``.
    This saves a tenth of the U-Net's multiplications and the copies of the concatenation.
    """
    graph = Graph(model)
    for up in [node for node in graph.nodes if node.op_type == 'ConvTranspose']:
        concat = graph.only_consumer(up.output[0])
        convolution = graph.only_consumer(concat.output[0]) if concat is not None else None
        if convolution is not None and _fits(graph, up, concat, convolution):
            _merge(graph, up, concat, convolution)
    return graph.model()


def _fits(
    graph: Graph, up: onnx.NodeProto, concat: onnx.NodeProto, convolution: onnx.NodeProto
) -> bool:
    """Tell whether the three are what can be merged."""
    constants = [graph.constant(name) for name in (*up.input[1:], *convolution.input[1:])]
    return (
        concat.op_type == 'Concat'
        and attribute(concat, 'axis') == 1
        and len(concat.input) == 2
        and concat.input[1] == up.output[0]
        and concat.input[0] != up.output[0]
        and convolution.op_type == 'Conv'
        and is_plain_convolution(up, stride=2, padding=0)
        and is_plain_convolution(convolution, stride=1, padding=1)
        and all(constant is not None for constant in constants)
        and graph.constant(up.input[1]).shape[2:] == (2, 2)
        and graph.constant(convolution.input[1]).shape[2:] == (3, 3)
        and graph.shape(up.output[0]) is not None
        and _saves(graph.constant(up.input[1]), graph.constant(convolution.input[1]))
    )


def _saves(up: np.ndarray, convolution: np.ndarray) -> bool:
    """Tell whether the merged form multiplies less."""
    before, middle = up.shape[:2]
    after = len(convolution)
    return 4 * before * after <= middle * (before + 9 * after)


def _merge(
    graph: Graph, up: onnx.NodeProto, concat: onnx.NodeProto, convolution: onnx.NodeProto
) -> None:
    weight, up_weight = (graph.constant(node.input[1]) for node in (convolution, up))
    rows, columns = graph.shape(up.output[0])[1:]
    channels = up_weight.shape[1]
    of_skip, of_up = weight[:, :-channels], weight[:, -channels:]
    # Both biases in and between the borders: a pixel takes the one for its row and its column.
    bias = _bias(graph, convolution, len(weight))[:, None, None] + border_bias(
        of_up, _bias(graph, up, channels)
    )
    name = convolution.name or convolution.output[0]
    parts = [f'{name}/of_skip', f'{name}/of_upsampled', f'{name}/sum']
    biases = [f'{name}/bias_rows', f'{name}/bias']
    places = [
        graph.add_constant(f'{name}.{what}', np.array([0, *[1] * (count - 2), 2], np.int64))
        for what, count in (('rows', rows), ('columns', columns))
    ]
    skip_weight = graph.add_constant(f'{name}.skip_weight', of_skip)
    kernel = graph.add_constant(f'{name}.upsampled_weight', merged_kernel(up_weight, of_up))
    table = graph.add_constant(f'{name}.biases', bias[None])
    graph.replace(
        convolution,
        make_node(
            'Conv', [concat.input[0], skip_weight], parts[0], pads=[1] * 4, kernel_shape=[3, 3]
        ),
        make_node(
            'ConvTranspose',
            [up.input[0], kernel],
            parts[1],
            strides=[2, 2],
            pads=[1] * 4,
            kernel_shape=[4, 4],
        ),
        make_node('Gather', [table, places[0]], biases[0], axis=2),
        make_node('Gather', [biases[0], places[1]], biases[1], axis=3),
        make_node('Add', [parts[0], biases[1]], parts[2]),
        make_node('Add', [parts[2], parts[1]], convolution.output[0]),
    )


def _bias(graph: Graph, node: onnx.NodeProto, channels: int) -> np.ndarray:
    if len(node.input) > 2:
        return graph.constant(node.input[2])
    return np.zeros(channels, np.float32)


def merged_kernel(up: np.ndarray, convolution: np.ndarray) -> np.ndarray:
    """
    Compose a transposed convolution and a 3x3 convolution of padding 1.

    :param up: [in, middle, 2, 2], stride 2
    :param convolution: [out, middle, 3, 3]
    :returns: [in, out, 4, 4], for stride 2 and padding 1
    """
    merged = np.zeros((up.shape[0], convolution.shape[0], 4, 4))
    for i in range(3):
        for j in range(3):
            taps = np.einsum(
                'xmab,om->xoab', up.astype(np.float64), convolution[:, :, i, j].astype(np.float64)
            )
            merged[:, :, 2 - i : 4 - i, 2 - j : 4 - j] += taps
    return merged.astype(np.float32)


def border_bias(convolution: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """
    Return what a 3x3 convolution of padding 1 makes of a bias on 3x3 pixels: [out, 3, 3].

    Of a larger image, the values of the middle repeat.
    """
    taps = np.einsum('omij,m->oij', convolution.astype(np.float64), bias.astype(np.float64))
    total = np.zeros((len(convolution), 3, 3))
    for i in range(3):
        for j in range(3):
            rows, columns = (slice(max(0, 1 - k), 3 + min(0, 1 - k)) for k in (i, j))
            total[:, rows, columns] += taps[:, i, j, None, None]
    return total.astype(np.float32)
