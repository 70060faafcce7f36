"""Forward in bf16 or fp16, weights in fp32."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from roadseg_core.engines.processor import bf16_instructions
from roadseg_core.training.distributed import DeviceError

_TYPES = {'bf16': torch.bfloat16, 'fp16': torch.float16}


class Precision:
    """
    Run networks in the configured precision and take updates in it.

    fp16 has too small a range for gradients: they are scaled, and an update whose gradients
    overflow is skipped.

    :param name: ``fp32``, ``bf16``, ``fp16``, or ``auto``: see :func:`fastest`
    :raises DeviceError: for fp16 on a CPU, and bf16 on a GPU that has none
    """

    def __init__(self, name: str, device: torch.device) -> None:
        if name == 'auto':
            name = fastest(device)
        if name == 'fp16' and device.type == 'cpu':
            raise DeviceError(
                'precision fp16 is for CUDA; on a CPU set precision=bf16 '
                '(fast with AVX512-BF16 or AMX) or precision=fp32'
            )
        if name == 'bf16' and device.type == 'cuda' and not _gpu_has_bf16():
            raise DeviceError(
                'precision bf16: this GPU computes none; set precision=fp16 or precision=auto'
            )
        self._name = name
        self._device = device.type
        self._type = _TYPES.get(name)
        self.scaler = torch.amp.GradScaler(self._device, enabled=name == 'fp16')

    def __str__(self) -> str:
        """Return the precision, and whether this processor only imitates it."""
        slow = self._name == 'bf16' and self._device == 'cpu' and bf16_instructions() == ()
        return self._name + (
            ' (slow: this processor has neither AVX512-BF16 nor AMX; precision=fp32 is faster)'
            if slow
            else ''
        )

    @contextmanager
    def forward(self) -> Iterator[None]:
        """Enter the precision."""
        with torch.autocast(self._device, dtype=self._type, enabled=self._type is not None):
            yield


def fastest(device: torch.device) -> str:
    """
    Return the fastest precision of a device.

    bf16 on a processor with AVX512-BF16 or AMX and on a GPU that has it, fp16 on an older GPU,
    fp32 otherwise.
    """
    if device.type == 'cuda':
        return 'bf16' if _gpu_has_bf16() else 'fp16'
    return 'bf16' if bf16_instructions() else 'fp32'


def _gpu_has_bf16() -> bool:
    return torch.cuda.is_bf16_supported(including_emulation=False)
