"""A temperature divides a graph's scores before they become probabilities; labels stay."""

from __future__ import annotations

import numpy as np
import onnx

from roadseg_core.rewriting.graph import Graph, make_node

_INVERSE = 'temperature.inverse'


def set_temperature(model: onnx.ModelProto, temperature: float) -> onnx.ModelProto:
    """
    Return a graph whose probabilities are those of its scores divided by a temperature.

    The scores of its softmax (behind the maximum that they are less by) or its sigmoid are
    multiplied; nothing that leads to the labels is. A temperature that was set before is taken out.

    :param model: of the form that ``roadseg export`` writes, in fp32 or with layers in int8
    :param temperature: over 0; 1 leaves no trace
    :raises ValueError: if it is not over 0, or nothing makes probabilities of scores
    """
    if not 0.0 < temperature < np.inf:
        raise ValueError(f'temperature {temperature}; expected a number over 0')
    graph = Graph(model)
    for node in graph.nodes[:]:
        if _INVERSE in node.input:
            for consumer in graph.consumers(node.output[0]):
                consumer.input[0] = node.input[0]
            graph.nodes.remove(node)
    to_labels = {id(node) for node in graph.ancestors('labels')}
    found = [
        node
        for node in graph.nodes
        if node.op_type in ('Exp', 'Sigmoid') and id(node) not in to_labels
    ]
    if not found:
        raise ValueError('a graph without probabilities of scores; expected one of roadseg export')
    if temperature != 1.0:
        inverse = graph.add_constant(_INVERSE, np.float32(1.0 / temperature))
        for node in found:
            cooled = make_node('Mul', (node.input[0], inverse), f'{node.output[0]}.cooled')
            node.input[0] = cooled.output[0]
            graph.replace(node, cooled, node)
    return graph.model()
