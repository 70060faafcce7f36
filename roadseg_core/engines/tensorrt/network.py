"""Prepare the graph for TensorRT: the requested outputs, bytes at its edges only."""

from __future__ import annotations

from collections.abc import Sequence

import onnx


def prepare_network(model: onnx.ModelProto, outputs: Sequence[str]) -> onnx.ModelProto:
    """
    Return the graph for TensorRT; it computes the same, bit for bit.

    Outputs that nobody asked for are taken out, and what leads to them alone with them: a tensor
    of uint8 that is no output would be refused. For the same reason a Transpose of the input
    goes behind the Cast that follows it.

    :param model: as read from a model file; left as it is
    :param outputs: names of some of its outputs
    """
    prepared = onnx.ModelProto()
    prepared.CopyFrom(model)
    graph = prepared.graph
    kept = [value for value in graph.output if value.name in outputs]
    del graph.output[:]
    graph.output.extend(kept)
    _cast_input_first(graph)
    _drop_unused(graph)
    # Sizes noted for tensors that changed their type or are gone would be wrong.
    del graph.value_info[:]
    return prepared


def _cast_input_first(graph: onnx.GraphProto) -> None:
    """Turn Transpose(input) -> Cast into Cast(input) -> Transpose."""
    readers: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    inputs = {value.name for value in graph.input}
    for node in graph.node:
        after = readers.get(node.output[0], [])
        if (
            node.op_type == 'Transpose'
            and node.input[0] in inputs
            and [reader.op_type for reader in after] == ['Cast']
        ):
            cast = after[0]
            between = f'{node.input[0]}_cast'
            # The two change their places in the list by changing what they are.
            first, second = onnx.NodeProto(), onnx.NodeProto()
            first.CopyFrom(cast)
            second.CopyFrom(node)
            first.input[0], first.output[0] = node.input[0], between
            second.input[0], second.output[0] = between, cast.output[0]
            node.CopyFrom(first)
            cast.CopyFrom(second)


def _drop_unused(graph: onnx.GraphProto) -> None:
    """Drop the nodes and weights that no output needs."""
    needed = {value.name for value in graph.output}
    kept = []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(node.input)
            kept.append(node)
    weights = [weight for weight in graph.initializer if weight.name in needed]
    del graph.node[:]
    graph.node.extend(reversed(kept))
    del graph.initializer[:]
    graph.initializer.extend(weights)
