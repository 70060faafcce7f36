"""A double of TensorRT: it builds, keeps and runs plans through ONNX Runtime."""

from __future__ import annotations

from enum import IntEnum
from types import ModuleType
from typing import Any

from cuda_double import Cuda
from tensorrt_builder_double import builder_classes
from tensorrt_runtime_double import runtime_classes
from tensorrt_types_double import (
    BuilderFlag,
    DataType,
    Dims,
    IHostMemory,
    ILogger,
    IProgressMonitor,
)


class TensorRt:
    """
    The state behind the double.

    :param version: of TensorRT
    :ivar failing: what is to fail: Builder, Runtime, parse, build, execute, context
    :ivar builds: how many plans were built
    :ivar at_step: called at each step of a build; what it returns says whether the step goes on
    """

    def __init__(self, version: str, cuda: Cuda) -> None:
        self.version = version
        self.cuda = cuda
        self.failing: set[str] = set()
        self.builds = 0
        self.at_step = lambda: False
        self.log: Any = None
        # TensorRT 11 dropped EXPLICIT_BATCH, which was 0, and counts anew.
        strongly_typed = 0 if version.startswith('11.') else 1
        self.network_flag = IntEnum(
            'NetworkDefinitionCreationFlag', {'STRONGLY_TYPED': strongly_typed}
        )

    def error(self, text: str) -> None:
        """Log an error as TensorRT would."""
        self.log.log(self.log.Severity.ERROR, text)

    def module(self) -> ModuleType:
        """Return the double of ``tensorrt``."""
        module = ModuleType('tensorrt')
        module.__version__ = self.version
        for value in (
            DataType,
            self.network_flag,
            BuilderFlag,
            Dims,
            IHostMemory,
            ILogger,
            IProgressMonitor,
            *builder_classes(self),
            *runtime_classes(self),
        ):
            setattr(module, value.__name__, value)
        return module
