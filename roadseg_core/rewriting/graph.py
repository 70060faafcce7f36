"""Index an ONNX graph: producers, consumers and constants of its values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import helper, numpy_helper


class Graph:
    """
    Look into a model and change its nodes; :meth:`model` returns the changed model.

    :param model: is copied, not changed; every name in it is used once
    """

    def __init__(self, model: onnx.ModelProto) -> None:
        self._model = onnx.ModelProto()
        self._model.CopyFrom(model)
        self.nodes = list(self._model.graph.node)
        self._constants = {
            value.name: numpy_helper.to_array(value) for value in self._model.graph.initializer
        }
        self._made: set[str] = set(self._constants)
        self._given = model
        self._sizes: dict[str, tuple[int, ...]] | None = None

    @property
    def outputs(self) -> set[str]:
        """Name the outputs of the graph."""
        return {value.name for value in self._model.graph.output}

    def producer(self, value: str) -> onnx.NodeProto | None:
        """Return the node that makes a value; None for inputs and constants."""
        return next((node for node in self.nodes if value in node.output), None)

    def consumers(self, value: str) -> list[onnx.NodeProto]:
        """Return the nodes that take a value."""
        return [node for node in self.nodes if value in node.input]

    def only_consumer(self, value: str) -> onnx.NodeProto | None:
        """Return the one node that takes a value; None for none, several or an output."""
        found = self.consumers(value)
        return found[0] if len(found) == 1 and value not in self.outputs else None

    def constant(self, value: str) -> np.ndarray | None:
        """Return a value that depends on no input of the graph; None for another."""
        if value not in self._constants:
            ancestors = self.ancestors(value)
            inputs = {entry.name for entry in self._model.graph.input}
            if not ancestors or any(inputs.intersection(node.input) for node in ancestors):
                return None
            # Imports a module for each operator: only where something is to be computed.
            from onnx.reference import ReferenceEvaluator

            needed = {name for node in ancestors for name in node.input}
            graph = helper.make_graph(
                ancestors,
                'constant',
                [],
                [onnx.ValueInfoProto(name=value)],
                [
                    numpy_helper.from_array(self._constants[name], name)
                    for name in sorted(needed.intersection(self._constants))
                ],
            )
            part = helper.make_model(graph, opset_imports=self._model.opset_import)
            part.ir_version = self._model.ir_version
            self._constants[value] = ReferenceEvaluator(part).run(None, {})[0]
        return self._constants[value]

    def add_constant(self, name: str, value: np.ndarray) -> str:
        """Add a constant under a name like ``name`` that is free; return the name."""
        taken = set(self._constants).union(*(node.output for node in self.nodes))
        free = next(
            candidate
            for candidate in (name, *(f'{name}_{i}' for i in range(len(taken) + 1)))
            if candidate not in taken
        )
        self._constants[free] = value
        self._made.add(free)
        return free

    def replace(self, old: onnx.NodeProto, *new: onnx.NodeProto) -> None:
        """Put nodes in the place of one."""
        index = next(i for i, node in enumerate(self.nodes) if node is old)
        self.nodes[index : index + 1] = new

    def shape(self, value: str) -> tuple[int, ...] | None:
        """Return the sizes of a value of the model as given, after the batch; None: unknown."""
        if self._sizes is None:
            # Once: nodes that were changed since may not fit together until all are.
            inferred = onnx.shape_inference.infer_shapes(self._given, data_prop=True)
            self._sizes = {
                info.name: tuple(dim.dim_value for dim in info.type.tensor_type.shape.dim[1:])
                for info in (*inferred.graph.value_info, *inferred.graph.input)
            }
        sizes = self._sizes.get(value, ())
        return sizes if sizes and all(sizes) else None

    def model(self) -> onnx.ModelProto:
        """Return the model as it is now, without what no output needs."""
        needed, kept = set(self.outputs), []
        for node in reversed(self.nodes):
            if needed.intersection(node.output):
                kept.append(node)
                needed.update(node.input)
        graph = self._model.graph
        nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in reversed(kept)]
        del graph.node[:], graph.initializer[:], graph.value_info[:]
        graph.node.extend(nodes)
        graph.initializer.extend(
            numpy_helper.from_array(self._constants[name], name)
            for name in sorted(needed.intersection(self._made))
        )
        return self._model

    def ancestors(self, value: str) -> list[onnx.NodeProto]:
        """Return the nodes that lead to a value, in order."""
        found: list[onnx.NodeProto] = []
        needed = {value}
        for node in reversed(self.nodes):
            if needed.intersection(node.output):
                found.append(node)
                needed.update(filter(None, node.input))
        return found[::-1]


def attribute(node: onnx.NodeProto, name: str, default: object = None) -> object:
    """Return an attribute of a node: a number, a list, a string as bytes; or the default."""
    for entry in node.attribute:
        if entry.name == name:
            return helper.get_attribute_value(entry)
    return default


def make_node(
    kind: str, inputs: Sequence[str], output: str, **attributes: object
) -> onnx.NodeProto:
    """Make a node of one output, which is named like it."""
    return helper.make_node(kind, inputs, [output], output, **attributes)


def is_plain_convolution(node: onnx.NodeProto, *, stride: int, padding: int) -> bool:
    """
    Tell whether a convolution, transposed or not, has no groups, dilation or uneven padding.

    :param stride: that it must have along both sides
    :param padding: that it must have on all sides
    """
    return (
        attribute(node, 'group', 1) == 1
        and attribute(node, 'auto_pad', b'NOTSET') == b'NOTSET'
        and attribute(node, 'dilations', [1, 1]) == [1, 1]
        and attribute(node, 'strides', [1, 1]) == [stride] * 2
        and attribute(node, 'pads', [0] * 4) == [padding] * 4
        and not attribute(node, 'output_padding')
    )


def set_attribute(node: onnx.NodeProto, name: str, value: object) -> None:
    """Set an attribute of a node."""
    kept = [entry for entry in node.attribute if entry.name != name]
    del node.attribute[:]
    node.attribute.extend([*kept, helper.make_attribute(name, value)])
