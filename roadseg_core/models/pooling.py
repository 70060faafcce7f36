"""Pool features to grids that need not divide their size."""

from __future__ import annotations

import torch
from torch import Tensor


def bin_means(features: Tensor, bins: int) -> Tensor:
    """
    Average features over a grid of ``bins`` x ``bins`` cells, as adaptive pooling does.

    Cells overlap where ``bins`` does not divide the size. Two products with constant matrices:
    ONNX has no adaptive pooling of such sizes.

    :param features: float [N, C, h, w]
    :returns: float [N, C, bins, bins]
    """
    if bins == 1:
        return features.mean((2, 3), keepdim=True)
    height, width = (int(size) for size in features.shape[-2:])
    rows = torch.tensor(_means(height, bins)).to(features)
    columns = torch.tensor(_means(width, bins)).to(features)
    return torch.matmul(rows, torch.matmul(features, columns.T))


def _means(size: int, bins: int) -> list[list[float]]:
    """Return the matrix [bins, size] that averages each of ``bins`` stretches of a line."""
    stretches = [(i * size // bins, -(-(i + 1) * size // bins)) for i in range(bins)]
    return [
        [1.0 / (end - start) if start <= place < end else 0.0 for place in range(size)]
        for start, end in stretches
    ]
