"""
Rewrites make exported graphs faster and keep their results, up to the rounding of fp32.

They work on ONNX, whatever network it came from, and leave alone what they do not recognise.
"""

from __future__ import annotations

import onnx

from roadseg_core.rewriting.convolution_padding import fold_padding
from roadseg_core.rewriting.frame_normalization import fold_normalization
from roadseg_core.rewriting.skip_upsampling import merge_upsampling
from roadseg_core.rewriting.upsampling_split import split_upsampling
from roadseg_core.rewriting.wide_convolution import widen_convolutions

__all__ = [
    'fold_normalization',
    'fold_padding',
    'merge_upsampling',
    'rewrite',
    'split_upsampling',
    'widen_convolutions',
]


def rewrite(model: onnx.ModelProto, *, merge: bool = True) -> onnx.ModelProto:
    """
    Apply every rewrite to a model whose batch is dynamic and whose other sizes are fixed.

    :param merge: layers with each other, too: then their weights can no longer be told apart
    """
    model = fold_normalization(fold_padding(model))
    return merge_upsampling(model) if merge else model
