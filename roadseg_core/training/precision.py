"""Forward in bf16 or fp16, weights in fp32."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from roadseg_core.training.distributed import DeviceError

_TYPES = {'bf16': torch.bfloat16, 'fp16': torch.float16}


class Precision:
    """
    Run networks in the configured precision and take updates in it.

    fp16 has too small a range for gradients: they are scaled, and an update whose gradients
    overflow is skipped.

    :raises DeviceError: for fp16 on a CPU
    """

    def __init__(self, name: str, device: torch.device) -> None:
        if name == 'fp16' and device.type == 'cpu':
            raise DeviceError('precision fp16 is for CUDA; on a CPU set precision=bf16 '
                              '(fast with AVX512-BF16 or AMX) or precision=fp32')
        self._device = device.type
        self._type = _TYPES.get(name)
        self.scaler = torch.amp.GradScaler(self._device, enabled=name == 'fp16')

    @contextmanager
    def forward(self) -> Iterator[None]:
        """Enter the precision."""
        with torch.autocast(self._device, dtype=self._type, enabled=self._type is not None):
            yield
