"""Check, without TensorRT, whether TensorRT supports every node of a graph."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from roadseg_core.engines.base import EngineError
from roadseg_core.engines.tensorrt import operators as known

_MOVES = frozenset(
    {'DepthToSpace', 'Flatten', 'Gather', 'Reshape', 'Slice', 'Squeeze', 'Transpose', 'Unsqueeze'}
)
"""Operators that put values elsewhere and leave them as they are."""

_TOLD = 5


def refuse_unsupported(model: onnx.ModelProto, name: object) -> None:
    """
    Refuse a graph that breaks a rule of TensorRT, in words that say which node and why.

    :param model: what :func:`roadseg_core.engines.tensorrt.network.prepare_network` returns
    :param name: what the message calls the graph
    :raises EngineError: if it breaks one
    """
    problems = find_problems(model)
    if problems:
        more = f'; and {len(problems) - _TOLD} more' if len(problems) > _TOLD else ''
        raise EngineError(f'{name} is nothing for TensorRT: {"; ".join(problems[:_TOLD])}{more}')


def find_problems(model: onnx.ModelProto) -> list[str]:
    """
    Return what TensorRT would refuse or compute differently, a sentence each.

    The rules are those of :mod:`roadseg_core.engines.tensorrt.operators` and of TensorRT's
    ``DataType``: uint8 stands at inputs and outputs of the network only, comes from and goes to
    fp32 and fp16 only, and is truncated, so that a value must be rounded and clipped before.
    Graphs inside of nodes are not looked into.
    """
    try:
        return list(_Rules(model).broken())
    except (onnx.shape_inference.InferenceError, onnx.defs.SchemaError) as error:
        return [f'its operators and types do not fit each other: {error}']


class _Rules:
    def __init__(self, model: onnx.ModelProto) -> None:
        opsets = {entry.domain: entry.version for entry in model.opset_import}
        self._opset = opsets.get('', opsets.get('ai.onnx', 0))
        inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
        self._graph = graph = inferred.graph
        self._constants = {
            weight.name: numpy_helper.to_array(weight) for weight in graph.initializer
        }
        self._types = {
            value.name: value.type.tensor_type.elem_type
            for value in (*graph.input, *graph.output, *graph.value_info)
        }
        self._types |= {weight.name: weight.data_type for weight in graph.initializer}
        self._made_by = {name: node for node in graph.node for name in node.output}
        for node in graph.node:
            if node.op_type == 'Constant' and node.attribute[0].name == 'value':
                self._constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
        self._inputs = {value.name for value in graph.input} - set(self._constants)

    def broken(self) -> Iterator[str]:
        if self._opset not in known.OPSETS:
            yield (f'opset {self._opset}; expected {known.OPSETS.start} to {known.OPSETS.stop - 1}')
        for node in self._graph.node:
            for problem in self._of_node(node):
                yield f'{node.op_type} {node.name or node.output[0]}: {problem}'
        for value in self._graph.output:
            if self._types[value.name] == TensorProto.UINT8:
                problem = self._of_bytes_out(value.name)
                if problem:
                    yield f'output {value.name}: {problem}'

    def _of_node(self, node: onnx.NodeProto) -> Iterator[str]:
        if node.domain not in ('', 'ai.onnx') or node.op_type not in known.OPERATORS:
            yield 'TensorRT has no such operator'
            return
        kind = self._types.get(self._data(node))
        allowed = known.OPERATORS[node.op_type]
        if node.op_type in known.FLOATS_ONLY:
            allowed = allowed & known.FLOATS
        if kind is None:
            yield 'its type is not known'
        elif kind not in allowed:
            yield f'in {_name(kind)}; expected {", ".join(sorted(map(_name, allowed)))}'
        yield from self._of_bytes(node)
        yield from self._of_equal_types(node)
        for place in known.CONSTANT_INPUTS.get(node.op_type, ()):
            if (
                len(node.input) > place
                and node.input[place]
                and (node.input[place] not in self._constants)
            ):
                yield f'input {node.input[place]} must be a constant'
        yield from _of_attributes(node)
        if node.op_type in ('QuantizeLinear', 'DequantizeLinear'):
            yield from self._of_quantization(node)
        if node.op_type == 'MaxPool' and len(node.output) > 1:
            yield 'the output of indices is not supported'

    def _data(self, node: onnx.NodeProto) -> str:
        if node.op_type in known.MAKERS:
            return node.output[0]
        return node.input[known.DATA_INPUT.get(node.op_type, 0)]

    def _of_equal_types(self, node: onnx.NodeProto) -> Iterator[str]:
        """Hold values to one type where the operator wants one: TensorRT casts none itself."""
        formal = onnx.defs.get_schema(node.op_type, self._opset).inputs
        found: dict[str, set[int]] = {}
        for place, name in enumerate(node.input):
            if name and name in self._types:
                # The last one stands for as many as there are.
                parameter = formal[min(place, len(formal) - 1)].type_str
                found.setdefault(parameter, set()).add(self._types[name])
        for kinds in found.values():
            if len(kinds) > 1:
                yield f'mixes {" and ".join(sorted(map(_name, kinds)))}'

    def _of_bytes(self, node: onnx.NodeProto) -> Iterator[str]:
        """Hold uint8 to the network's edge, and to casts from and to floats."""
        outputs = {value.name for value in self._graph.output}
        for name in (*node.input, *node.output):
            if self._types.get(name) == TensorProto.UINT8 and name not in self._inputs | outputs:
                yield f'{name} is uint8 inside of the network'
        if node.op_type == 'Cast':
            source, target = self._types.get(node.input[0]), self._types.get(node.output[0])
            if TensorProto.UINT8 in (source, target) and not (
                {source, target} & known.HALF_AND_FLOAT
            ):
                yield (
                    f'casts {_name(source)} to {_name(target)}; uint8 comes from and goes to '
                    'fp32 and fp16 only'
                )

    def _of_bytes_out(self, name: str) -> str:
        """Say what is wrong with the values that become bytes: the cast truncates them."""
        found = []
        node = self._made_by.get(name)
        if node is None or node.op_type != 'Cast':
            return 'uint8 that is not cast from floats'
        while node is not None and node.op_type in {'Cast', 'Clip', 'Round', *_MOVES}:
            found.append(node.op_type)
            if node.op_type == 'Clip':
                bounds = [self._constants.get(bound) for bound in node.input[1:]]
                if (
                    len(bounds) != 2
                    or any(bound is None for bound in bounds)
                    or not (bounds[0] >= 0 and bounds[1] <= 255)
                ):
                    return 'is clipped to other bounds than 0 and 255'
            node = self._made_by.get(node.input[0])
        missing = [step for step in ('Round', 'Clip') if step not in found]
        return f'{" and ".join(missing)} must come before the cast to uint8' if missing else ''

    def _of_quantization(self, node: onnx.NodeProto) -> Iterator[str]:
        """Quantization is symmetric and signed; that of what flows has one scale."""
        quantized = node.output[0] if node.op_type == 'QuantizeLinear' else node.input[0]
        if self._types.get(quantized) != TensorProto.INT8:
            yield f'{quantized} is {_name(self._types.get(quantized))}; expected int8'
        zero = self._constants.get(node.input[2]) if len(node.input) > 2 else None
        if zero is not None and np.any(zero):
            yield f'its zero point is {zero.reshape(-1)[0]}; expected 0'
        scale = self._constants.get(node.input[1])
        if scale is not None and not np.all(scale > 0):
            yield 'a scale is not positive'
        if scale is not None and scale.size != 1 and not self._is_weight(node.input[0]):
            yield f'{scale.size} scales for activations; expected one'

    def _is_weight(self, name: str) -> bool:
        """Tell whether a value is a constant, or one that was quantized."""
        maker = self._made_by.get(name)
        return name in self._constants or (
            maker is not None
            and maker.op_type == 'QuantizeLinear'
            and maker.input[0] in self._constants
        )


def _of_attributes(node: onnx.NodeProto) -> Iterator[str]:
    allowed = known.ATTRIBUTES.get(node.op_type, {})
    for attribute in node.attribute:
        value = onnx.helper.get_attribute_value(attribute)
        if attribute.name in allowed and value not in allowed[attribute.name]:
            expected = ' or '.join(map(_text, allowed[attribute.name]))
            yield f'{attribute.name} {_text(value)}; expected {expected}'
        if attribute.name == 'dilations' and 'Pool' in node.op_type and set(value) != {1}:
            yield f'dilations {list(value)}; expected ones'


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _name(kind: int | None) -> str:
    return 'an unknown type' if kind is None else TensorProto.DataType.Name(kind).lower()
