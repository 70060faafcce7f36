"""Check which input sizes a network accepts."""

from __future__ import annotations

from torch import Tensor


def check_size(images: Tensor, *, stride: int) -> None:
    """Raise ValueError, naming the nearest legal size, unless H and W are multiples of stride."""
    height, width = (int(size) for size in images.shape[-2:])
    if height % stride or width % stride:
        legal_height = max(stride, round(height / stride) * stride)
        legal_width = max(stride, round(width / stride) * stride)
        raise ValueError(
            f'input of {height}x{width} (height x width) for a network of stride {stride}; '
            f'use multiples of it, for example {legal_height}x{legal_width}'
        )
