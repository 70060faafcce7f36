"""Merge a zero padding into the convolution that follows it."""

from __future__ import annotations

import onnx

from roadseg_core.rewriting.graph import Graph, attribute, set_attribute


def fold_padding(model: onnx.ModelProto) -> onnx.ModelProto:
    """
    Fold every constant zero padding of height and width that only convolutions read.

    PyTorch's convolutions pad both sides alike, ONNX's each side by itself: an uneven padding
    is exported as a node of its own, and quantized as one. What cannot be folded reads its
    sides from a constant, not from a chain of nodes that computes them.
    """
    graph = Graph(model)
    for pad in [node for node in graph.nodes if node.op_type == 'Pad']:
        sides = graph.constant(pad.input[1])
        if sides is not None and graph.producer(pad.input[1]) is not None:
            pad.input[1] = graph.add_constant(f'{pad.output[0]}_sides', sides)
    for pad in [node for node in graph.nodes if node.op_type == 'Pad']:
        takers = graph.consumers(pad.output[0])
        before_after = _zero_padding(graph, pad)
        if (
            before_after is None
            or not takers
            or pad.output[0] in graph.outputs
            or any(
                node.op_type != 'Conv'
                or node.input[0] != pad.output[0]
                or attribute(node, 'auto_pad', b'NOTSET') != b'NOTSET'
                for node in takers
            )
        ):
            continue
        for convolution in takers:
            own = attribute(convolution, 'pads', [0, 0, 0, 0])
            set_attribute(
                convolution, 'pads', [a + b for a, b in zip(own, before_after, strict=True)]
            )
            convolution.input[0] = pad.input[0]
    return graph.model()


def _zero_padding(graph: Graph, pad: onnx.NodeProto) -> list[int] | None:
    """Return top, left, bottom, right of a padding of images with zeros; None for another."""
    if attribute(pad, 'mode', b'constant') != b'constant' or (len(pad.input) > 3 and pad.input[3]):
        return None
    sides = graph.constant(pad.input[1])
    fill = graph.constant(pad.input[2]) if len(pad.input) > 2 and pad.input[2] else 0.0
    if sides is None or fill is None or len(sides) != 8 or fill != 0 or (sides < 0).any():
        return None
    if sides[[0, 1, 4, 5]].any():
        return None
    return [int(side) for side in sides[[2, 3, 6, 7]]]
