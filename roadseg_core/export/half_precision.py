"""From a model file in fp32 to one typed in fp16, which strongly typed runtimes run as such."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from roadseg_core.export.agreement import agreement, graph_runner
from roadseg_core.files import write_atomically
from roadseg_core.model_file import read_model_info, write_metadata

LEAST_AGREEMENT = 0.995
"""Share of equal labels below which no file is written."""

_LARGEST = float(np.finfo(np.float16).max)
_FLOAT_INPUTS = {'Resize': (1, 2), 'Upsample': (1,)}
"""Inputs that ONNX wants in fp32, by their places: sizes and scales, not data."""


class HalfPrecisionError(ValueError):
    """A model that cannot be had in fp16; the message says why."""


def convert_file(
    model: Path, output: Path, frames: np.ndarray, *, of: str, limit: float = LEAST_AGREEMENT
) -> dict[str, object]:
    """
    Write the fp16 form of a model file, if its labels agree with those of the fp32 file.

    Both are compared by ONNX Runtime on the CPU, which rounds values between its kernels to
    fp16 and computes within them in fp32: a GPU that sums in fp16 may agree less.

    :param output: the ``.onnx`` file to write; written whole or not at all
    :param frames: uint8 [N, H, W, 3], of the network's size
    :param of: what the frames are, for the metadata
    :param limit: the least share of equal labels
    :returns: the agreement, as in the file's metadata
    :raises HalfPrecisionError: if the file is not one of fp32, or the labels agree less
    """
    info = read_model_info(model)
    if info.precision != 'fp32':
        raise HalfPrecisionError(f'{model} is {info.precision}; expected a file in fp32')
    single = onnx.load(model)
    half = to_half(single)
    agreed = {
        **agreement(graph_runner(single), graph_runner(half), frames),
        'frames': len(frames),
        'of': of,
        'runtime': 'onnxruntime',
        'against': f'the fp32 file {info.sha256[:12]}',
    }
    if agreed['labels'] < limit:
        raise HalfPrecisionError(
            f'{model}: only {agreed["labels"]:.5f} of the labels in fp16 equal those in fp32; '
            f'expected {limit}: nothing is written'
        )
    write_metadata(half, replace(info, precision='fp16', agreement=agreed))
    with write_atomically(output) as temporary:
        onnx.save(half, temporary)
    return agreed


def to_half(model: onnx.ModelProto) -> onnx.ModelProto:
    """
    Return a graph that computes in fp16 where ``model`` computes in fp32.

    :raises HalfPrecisionError: if a weight is too large for fp16, or there are Q/DQ nodes
    """
    half = onnx.ModelProto()
    half.CopyFrom(model)
    graph = half.graph
    if any(node.op_type in ('QuantizeLinear', 'DequantizeLinear') for node in graph.node):
        raise HalfPrecisionError('a quantized graph cannot be had in fp16: convert one in fp32')
    kept = {
        node.input[place]
        for node in graph.node
        for place in _FLOAT_INPUTS.get(node.op_type, ())
        if len(node.input) > place
    }
    for tensor in _constants(graph, kept):
        values = numpy_helper.to_array(tensor)
        if np.abs(values).max(initial=0.0) > _LARGEST:
            raise HalfPrecisionError(
                f'{tensor.name or "a constant"} has values to '
                f'{np.abs(values).max():g}; fp16 ends at {_LARGEST:g}'
            )
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), tensor.name))
    for node in graph.node:
        for attribute in node.attribute:
            if node.op_type == 'Cast' and attribute.i == TensorProto.FLOAT:
                attribute.i = TensorProto.FLOAT16
    # Types noted for tensors that changed theirs would be wrong.
    del graph.value_info[:]
    onnx.checker.check_model(half, full_check=True)
    return half


def _constants(graph: onnx.GraphProto, kept: set[str]) -> Iterator[onnx.TensorProto]:
    """Yield the fp32 tensors that are to change: weights, and those in nodes."""
    for weight in graph.initializer:
        if weight.data_type == TensorProto.FLOAT and weight.name not in kept:
            yield weight
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.t.data_type == TensorProto.FLOAT and node.output[0] not in kept:
                yield attribute.t
