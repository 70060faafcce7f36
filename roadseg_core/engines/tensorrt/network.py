"""Prepare the graph for TensorRT: the requested outputs, bytes at its edges only."""

from __future__ import annotations

from collections.abc import Sequence

import onnx

from roadseg_core.model_file import INPUT
from roadseg_core.rewriting.graph import Graph


def prepare_network(model: onnx.ModelProto, outputs: Sequence[str]) -> onnx.ModelProto:
    """
    Return the graph for TensorRT; it computes the same, bit for bit.

    Outputs that nobody asked for are taken out, and what leads to them alone with them: a tensor
    of uint8 that is no output would be refused. For the same reason a Transpose of the input
    goes behind the Cast that follows it.

    :param model: as read from a model file; left as it is
    :param outputs: names of some of its outputs
    """
    asked = onnx.ModelProto()
    asked.CopyFrom(model)
    kept = [value for value in asked.graph.output if value.name in outputs]
    del asked.graph.output[:]
    asked.graph.output.extend(kept)
    graph = Graph(asked)
    for transpose in [node for node in graph.nodes if node.op_type == 'Transpose']:
        cast = graph.only_consumer(transpose.output[0])
        if transpose.input[0] == INPUT and cast is not None and cast.op_type == 'Cast':
            between = f'{INPUT}_cast'
            # Both keep their places in the list: the cast's becomes the transposition.
            first, second = onnx.NodeProto(), onnx.NodeProto()
            first.CopyFrom(cast)
            second.CopyFrom(transpose)
            first.input[0], first.output[0] = INPUT, between
            second.input[0], second.output[0] = between, cast.output[0]
            graph.replace(transpose, first)
            graph.replace(cast, second)
    return graph.model()
