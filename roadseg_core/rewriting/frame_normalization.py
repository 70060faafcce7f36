"""Merge the scale and colour order of frames into the first convolution."""

from __future__ import annotations

import numpy as np
import onnx

from roadseg_core.rewriting.graph import Graph, attribute, make_node

_MIDDLE = np.float32(127.5)


def fold_normalization(model: onnx.ModelProto) -> onnx.ModelProto:
    """
    Feed frames less 127.5 to the first convolutions, with their weights scaled and turned.

    From ``(RGB / 127.5 - 1)`` remains ``BGR - 127.5``: zero padding stays what it was, and all
    its values are exact in bfloat16 and half precision, which RGB / 127.5 - 1 is not. The
    subtraction comes before the channels go first, so that a runtime that keeps them last
    moves nothing.
    """
    graph = Graph(model)
    chain = _normalization(graph)
    if chain is None:
        return model
    first, last, order, scale = chain
    takers = graph.consumers(last.output[0])
    weights = [graph.constant(node.input[1]) if node.op_type == 'Conv' else None for node in takers]
    if any(weight is None or weight.shape[1] != 3 for weight in weights) or any(
        attribute(node, 'group', 1) != 1 for node in takers
    ):
        return model
    for node, weight in zip(takers, weights, strict=True):
        turned = np.empty_like(weight)
        # Weight i was for channel order[i] of the frames.
        turned[:, order] = weight * np.float32(scale)
        node.input[0] = 'frames_centred'
        node.input[1] = graph.add_constant(f'{node.input[1]}_for_bytes', turned)
    middle = graph.add_constant('frame_middle', _MIDDLE)
    graph.replace(
        first,
        make_node('Cast', [first.input[0]], 'frames_float', to=onnx.TensorProto.FLOAT),
        make_node('Sub', ['frames_float', middle], 'frames_less'),
        make_node('Transpose', ['frames_less'], 'frames_centred', perm=[0, 3, 1, 2]),
    )
    return graph.model()


def _normalization(graph: Graph) -> tuple[onnx.NodeProto, onnx.NodeProto, list[int], float] | None:
    """Find Transpose, Cast, Gather, Mul and Sub behind the input; None where it differs."""
    value, found = 'frames', []
    for kind in ('Transpose', 'Cast', 'Gather', 'Mul', 'Sub'):
        node = graph.only_consumer(value)
        if node is None or node.op_type != kind or node.input[0] != value:
            return None
        found.append(node)
        value = node.output[0]
    transpose, _, gather, multiply, subtract = found
    order = graph.constant(gather.input[1])
    scale = graph.constant(multiply.input[1])
    less = graph.constant(subtract.input[1])
    if any(constant is None for constant in (order, scale, less)):
        return None
    if (
        attribute(transpose, 'perm') != [0, 3, 1, 2]
        or attribute(gather, 'axis', 0) != 1
        or sorted(order.tolist()) != [0, 1, 2]
        or scale.size != 1
        or less.size != 1
        or abs(float(less) / float(scale) - float(_MIDDLE)) > 1e-4
    ):
        return None
    return transpose, subtract, order.tolist(), float(scale)
