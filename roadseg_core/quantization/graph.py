"""Quantize a graph by explicit, symmetric Q/DQ pairs."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
from tqdm import tqdm

_KINDS = ('Conv', 'ConvTranspose')
_INPUT = 'frames'


class QuantizationError(ValueError):
    """A model that cannot be quantized as asked; the message says what to change."""


def quantize_graph(
    model: onnx.ModelProto, frames: np.ndarray, *, keep: Sequence[str] = ()
) -> onnx.ModelProto:
    """
    Quantize the convolutions: weights by output channel, what they read by tensor.

    A range is the mean over the frames of their least and greatest values: networks without
    batch norm have rare values far out, which would make the steps of all others coarse (a
    U-Net lost 0.5 points of mIoU so, and 1.3 with the extremes). Convolutions that no other
    follows stay in fp32: what they compute is compared, not convolved again, and they are small.
    Biases stay in fp32, which TensorRT asks for.

    :param model: in fp32, with a dynamic batch
    :param frames: to calibrate with, uint8 [N, H, W, 3]
    :param keep: more convolutions to leave in fp32: parts of their names, of those of their
        weights or of what they give
    :raises QuantizationError: if no convolution is left to quantize, or a name in ``keep``
        fits none
    """
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

    named = _named(model)
    left_out = _kept(named, keep)
    batches = (
        {_INPUT: frame[None]}
        for frame in tqdm(frames, desc='calibrating', unit='frame', leave=False, disable=None)
    )
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / 'quantized.onnx'
        quantize_static(
            named,
            output,
            SimpleNamespace(get_next=lambda: next(batches, None)),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(_KINDS),
            nodes_to_exclude=left_out,
            per_channel=True,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            extra_options={
                'ActivationSymmetric': True,
                'WeightSymmetric': True,
                'QuantizeBias': False,
                'CalibMovingAverage': True,
                # What a convolution gives is rounded where the next one reads it, not twice.
                'OpTypesToExcludeOutputQuantization': list(_KINDS),
            },
        )
        quantized = onnx.load(output)
    del quantized.metadata_props[:]
    quantized.metadata_props.extend(model.metadata_props)
    return quantized


def _named(model: onnx.ModelProto) -> onnx.ModelProto:
    """Copy a model, with inferred shapes and a name for every node."""
    named = onnx.shape_inference.infer_shapes(model)
    for index, node in enumerate(named.graph.node):
        node.name = node.name or f'{node.op_type}_{index}'
    # The library's mark of a model that it need not advise to prepare.
    onnx.helper.set_model_props(named, {'onnx.quant.pre_process': 'onnxruntime.quant'})
    return named


def _kept(model: onnx.ModelProto, keep: Sequence[str]) -> list[str]:
    """Return the names of the convolutions that stay in fp32."""
    nodes = [node for node in model.graph.node if node.op_type in _KINDS]
    called = {node.name: f'{node.name} {node.output[0]} {node.input[1]}' for node in nodes}
    unknown = [part for part in keep if not any(part in text for text in called.values())]
    if unknown:
        raise QuantizationError(
            f'no convolution is named like {", ".join(unknown)}; there are '
            f'{", ".join(node.output[0] for node in nodes)}'
        )
    # Backwards: a node leads to a convolution if one that reads it is one or leads to one.
    leading: set[str] = set()
    for node in reversed(model.graph.node):
        if node.op_type in _KINDS or leading.intersection(node.output):
            leading.update(node.input)
    kept = [
        node.name
        for node in nodes
        if not leading.intersection(node.output) or any(part in called[node.name] for part in keep)
    ]
    if len(kept) == len(nodes):
        raise QuantizationError('no convolution is left to quantize')
    return kept
