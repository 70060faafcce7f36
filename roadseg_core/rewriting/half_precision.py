"""Convert a graph to half precision."""

from __future__ import annotations

import warnings

import onnx

_LEAST = 5.96e-8
_GREATEST = 65504.0


def to_half_precision(model: onnx.ModelProto) -> onnx.ModelProto:
    """
    Turn every float of a graph into one of half precision.

    The frames and the outputs stay bytes: 0 to 255 and their distance from 127.5 are exact in
    half precision. Sizes of a Resize stay what ONNX wants them to be.
    """
    from onnxruntime.transformers.float16 import convert_float_to_float16

    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    del copy.graph.value_info[:]
    with warnings.catch_warnings():
        # It warns of each tensor that holds a weight too small for half precision.
        warnings.simplefilter('ignore')
        half = convert_float_to_float16(
            copy, min_positive_val=_LEAST, max_finite_val=_GREATEST, op_block_list=[]
        )
    onnx.checker.check_model(half, full_check=True)
    return half
