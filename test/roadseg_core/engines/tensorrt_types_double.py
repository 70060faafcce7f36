"""A double of TensorRT's plain types: enumerations, sizes, bytes, and the bases of callbacks."""

from __future__ import annotations

from enum import IntEnum

from binding_double import real

MAGIC = b'plan of the double'
"""The first line of a plan."""


class DataType(IntEnum):
    """Types of tensors."""

    FLOAT = 0
    UINT8 = 5


class BuilderFlag(IntEnum):
    """Options of builds."""

    TF32 = 6


class Dims(tuple):
    """Sizes of a tensor."""

    @real('__init__(self: Dims, shape: List[int]) -> None')
    def __init__(self, shape: list[int]) -> None:
        assert all(type(size) is int for size in shape)


class IHostMemory(bytes):
    """Bytes that TensorRT made."""


class ILogger:
    """The base of logs."""

    class Severity(IntEnum):
        """How bad a message is."""

        INTERNAL_ERROR = 0
        ERROR = 1
        WARNING = 2
        INFO = 3
        VERBOSE = 4

    @real('__init__(self: ILogger) -> None')
    def __init__(self) -> None:
        self._made = True


class IProgressMonitor:
    """The base of monitors."""

    @real('__init__(self: IProgressMonitor) -> None')
    def __init__(self) -> None:
        self._made = True

    @real(
        'phase_start(self: IProgressMonitor, phase_name: str, parent_phase: str, '
        'num_steps: int) -> None'
    )
    def phase_start(self, phase_name: str, parent_phase: str, num_steps: int) -> None:
        raise NotImplementedError

    @real('phase_finish(self: IProgressMonitor, phase_name: str) -> None')
    def phase_finish(self, phase_name: str) -> None:
        raise NotImplementedError

    @real('step_complete(self: IProgressMonitor, phase_name: str, step: int) -> bool')
    def step_complete(self, phase_name: str, step: int) -> bool:
        raise NotImplementedError
