"""
List the ONNX operators and types that TensorRT documents as supported.

Source: ``docs/operators.md`` of onnx/onnx-tensorrt, which NVIDIA keeps: an operator and a type are
here if the tables of both 10.1 (June 2024, opset 9 to 20) and 10.15 have them. What cannot be in
a network for images (sequences, strings, loops, recurrent layers) is left out.
"""

from __future__ import annotations

from collections.abc import Mapping

from onnx import TensorProto

OPSETS = range(9, 21)
"""The operator sets that TensorRT 10.0 and everything since reads."""

HALF_AND_FLOAT = frozenset({TensorProto.FLOAT, TensorProto.FLOAT16})
FLOATS = HALF_AND_FLOAT | {TensorProto.BFLOAT16}
NUMBERS = FLOATS | {TensorProto.INT32, TensorProto.INT64}
ALL = NUMBERS | {TensorProto.BOOL}

_NAMES: Mapping[frozenset[int], str] = {
    FLOATS: (
        'Acos Acosh Asin Asinh Atan Atanh AveragePool BatchNormalization Ceil Celu Clip Conv '
        'ConvTranspose Cos Cosh CumSum Dropout Einsum Elu Erf Exp Floor Gemm '
        'GlobalAveragePool GlobalLpPool GlobalMaxPool GroupNormalization Hardmax HardSigmoid '
        'HardSwish InstanceNormalization IsInf LayerNormalization LeakyRelu Log LogSoftmax '
        'LpNormalization LpPool LRN MatMul MaxPool MeanVarianceNormalization Pow PRelu '
        'QuantizeLinear Reciprocal Resize Round Selu Sigmoid Sin Sinh Softmax Softplus '
        'Softsign Sqrt Tan Tanh ThresholdedRelu Upsample'
    ),
    HALF_AND_FLOAT: 'DeformConv GridSample Mish NonMaxSuppression NonZero RoiAlign',
    NUMBERS: (
        'Abs Add ArgMax ArgMin DepthToSpace Div Equal Gelu Greater GreaterOrEqual IsNaN Less '
        'LessOrEqual Max Mean Min Mod Mul Neg Pad Range ReduceL1 ReduceL2 ReduceLogSum '
        'ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare '
        'Relu ScatterElements ScatterND Shrink Sign SpaceToDepth Sub Sum TopK'
    ),
    ALL: (
        'Concat Constant ConstantOfShape Expand EyeLike Flatten Gather GatherElements GatherND '
        'Identity OneHot Reshape Shape Size Slice Split Squeeze Tile Transpose Trilu Unsqueeze '
        'Where'
    ),
    ALL | {TensorProto.UINT8}: 'Cast',
    frozenset({TensorProto.BOOL}): 'And Not Or Xor',
    frozenset({TensorProto.INT8}): 'DequantizeLinear',
}

OPERATORS: Mapping[str, frozenset[int]] = {
    name: types for types, names in _NAMES.items() for name in names.split()
}
"""The types of each operator's data."""

CONSTANT_INPUTS: Mapping[str, tuple[int, ...]] = {
    'QuantizeLinear': (1, 2),
    'DequantizeLinear': (1, 2),
    'OneHot': (1,),
    'Pad': (3,),
    'Slice': (3,),
    'Squeeze': (1,),
    'Unsqueeze': (1,),
    'CumSum': (1,),
    **{name: (1,) for name in OPERATORS if name.startswith('Reduce')},
}
"""The inputs, by their places, that must be known when a plan is built."""

DATA_INPUT: Mapping[str, int] = {'Where': 1, 'OneHot': 2}
"""The place of the data among an operator's inputs, where it is not the first."""

MAKERS = frozenset({'Constant', 'ConstantOfShape', 'EyeLike', 'Range'})
"""Operators whose data is their output."""

FLOATS_ONLY = frozenset({'DepthToSpace', 'SpaceToDepth'})
"""
Operators that this project holds to floats although the tables name integers, too.

A shuffle of pixels in integers is where versions of TensorRT have differed.
"""

ATTRIBUTES: Mapping[str, Mapping[str, tuple[object, ...]]] = {
    'Resize': {
        'mode': (b'nearest', b'linear'),
        'antialias': (0,),
        'keep_aspect_ratio_policy': (b'stretch',),
        'coordinate_transformation_mode': (
            b'half_pixel',
            b'pytorch_half_pixel',
            b'tf_half_pixel_for_nn',
            b'asymmetric',
            b'align_corners',
        ),
    },
    'ScatterND': {'reduction': (b'none',)},
    'ScatterElements': {'reduction': (b'none',)},
    'TopK': {'sorted': (1,)},
}
"""The values of attributes that are taken; one that a node lacks has a value that is."""
