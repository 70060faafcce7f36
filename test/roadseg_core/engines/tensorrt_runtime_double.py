"""A double of what runs TensorRT's plans: it computes by ONNX Runtime."""

from __future__ import annotations

import ctypes
import json
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
from binding_double import real
from tensorrt_types_double import MAGIC, DataType, Dims, ILogger

if TYPE_CHECKING:
    from tensorrt_double import TensorRt


def runtime_classes(trt: TensorRt) -> list[type]:
    """Return the classes that run a plan."""

    class IExecutionContext:
        def __init__(self, engine: ICudaEngine) -> None:
            self._engine = engine
            self._shape: tuple[int, ...] = ()
            self._addresses: dict[str, int] = {}

        @real('set_input_shape(self: IExecutionContext, name: str, shape: tuple) -> bool')
        def set_input_shape(self, name: str, shape: tuple) -> bool:
            largest = self._engine._largest
            self._shape = shape
            return 1 <= shape[0] <= largest[0] and list(shape[1:]) == largest[1:]

        @real('set_tensor_address(self: IExecutionContext, name: str, memory: int) -> bool')
        def set_tensor_address(self, name: str, memory: int) -> bool:
            self._addresses[name] = memory
            return name in self._engine._names

        @real('execute_async_v3(self: IExecutionContext, stream_handle: int) -> bool')
        def execute_async_v3(self, stream_handle: int) -> bool:
            if 'execute' in trt.failing or set(self._addresses) != set(self._engine._names):
                trt.error('Error Code 1: Cask (launch failure)')
                return False
            return trt.cuda.enqueue(stream_handle, self._compute)

        def _compute(self) -> None:
            frames = array(self._addresses['frames'], self._shape)
            results = self._engine._session.run(self._engine._names[1:], {'frames': frames})
            for name, result in zip(self._engine._names[1:], results):
                array(self._addresses[name], result.shape)[:] = result

    class ICudaEngine:
        num_io_tensors = 0

        def __init__(self, largest: list[int], model: bytes) -> None:
            self._largest = largest
            self._session = onnxruntime.InferenceSession(model, providers=['CPUExecutionProvider'])
            values = [*self._session.get_inputs(), *self._session.get_outputs()]
            self._names = [value.name for value in values]
            self._sizes = {value.name: (-1, *value.shape[1:]) for value in values}
            self.num_io_tensors = len(values)

        @real('get_tensor_name(self: ICudaEngine, index: int) -> str')
        def get_tensor_name(self, index: int) -> str:
            return self._names[index]

        @real('get_tensor_dtype(self: ICudaEngine, name: str) -> DataType')
        def get_tensor_dtype(self, name: str) -> DataType:
            return DataType.UINT8

        @real('get_tensor_shape(self: ICudaEngine, name: str) -> Dims')
        def get_tensor_shape(self, name: str) -> Dims:
            return Dims(list(self._sizes[name]))

        @real(
            'create_execution_context(self: ICudaEngine, '
            'strategy: ExecutionContextAllocationStrategy = STATIC) -> IExecutionContext'
        )
        def create_execution_context(self) -> IExecutionContext | None:
            return None if 'context' in trt.failing else IExecutionContext(self)

    class Runtime:
        @real('__init__(self: Runtime, logger: ILogger) -> None')
        def __init__(self, logger: ILogger) -> None:
            trt.log = logger
            if 'Runtime' in trt.failing:
                raise TypeError('pybind11::init(): factory function returned nullptr')

        @real('deserialize_cuda_engine(self: Runtime, serialized_engine: buffer) -> ICudaEngine')
        def deserialize_cuda_engine(self, serialized_engine: bytes) -> ICudaEngine | None:
            magic, _, rest = serialized_engine.partition(b'\n')
            head, _, model = rest.partition(b'\n')
            if magic != MAGIC or json.loads(head)['version'] != trt.version:
                trt.error('Error Code 6: the engine was made by another version')
                return None
            return ICudaEngine(json.loads(head)['largest'], model)

    return [Runtime, ICudaEngine, IExecutionContext]


def array(address: int, shape: tuple[int, ...]) -> np.ndarray:
    """Return the bytes at an address."""
    size = int(np.prod(shape))
    return np.frombuffer((ctypes.c_uint8 * size).from_address(address), np.uint8).reshape(shape)
