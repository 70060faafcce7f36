"""Turn camera bytes into network input, in the same way for every network."""

from __future__ import annotations

import torch
from torch import Tensor


def normalize(frames: Tensor) -> Tensor:
    """
    Bring camera frames to the range of the ImageNet stems: RGB / 127.5 - 1.

    :param frames: uint8 [N, H, W, 3], BGR
    :returns: float32 [N, 3, H, W], RGB, -1..1
    """
    rgb = frames.permute(0, 3, 1, 2).to(torch.float32)[:, [2, 1, 0]]
    return rgb * (1.0 / 127.5) - 1.0
