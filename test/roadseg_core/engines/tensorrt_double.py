"""A double of TensorRT: it builds, keeps and runs plans through ONNX Runtime."""

from __future__ import annotations

import ctypes
from enum import IntEnum
import json
from types import ModuleType
from typing import Any

from binding_double import real
from cuda_double import Cuda
import numpy as np
import onnx
import onnxruntime

_MAGIC = b'plan of the double\n'


class TensorRt:
    """
    The state behind the double.

    :param version: of TensorRT
    :ivar failing: what is to fail: Builder, Runtime, parse, build, execute, context
    :ivar builds: how many plans were built
    :ivar at_step: called at each step of a build
    """

    def __init__(self, version: str, cuda: Cuda) -> None:
        self.version = version
        self.cuda = cuda
        self.failing: set[str] = set()
        self.builds = 0
        self.at_step = lambda: None
        self.log: Any = None
        # TensorRT 11 dropped EXPLICIT_BATCH, which was 0, and counts anew.
        strongly_typed = 0 if version.startswith('11.') else 1
        self.network_flag = IntEnum(
            'NetworkDefinitionCreationFlag', {'STRONGLY_TYPED': strongly_typed})

    def error(self, text: str) -> None:
        """Log an error as TensorRT would."""
        self.log.log(self.log.Severity.ERROR, text)

    def module(self) -> ModuleType:
        """Return the double of ``tensorrt``."""
        module = ModuleType('tensorrt')
        module.__version__ = self.version
        for value in (*classes(self), *network_classes(self), *runtime_classes(self)):
            setattr(module, value.__name__, value)
        return module


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

    @real('phase_start(self: IProgressMonitor, phase_name: str, parent_phase: str, '
          'num_steps: int) -> None')
    def phase_start(self, phase_name: str, parent_phase: str, num_steps: int) -> None:
        raise NotImplementedError

    @real('phase_finish(self: IProgressMonitor, phase_name: str) -> None')
    def phase_finish(self, phase_name: str) -> None:
        raise NotImplementedError

    @real('step_complete(self: IProgressMonitor, phase_name: str, step: int) -> bool')
    def step_complete(self, phase_name: str, step: int) -> bool:
        raise NotImplementedError


def classes(trt: TensorRt) -> list[type]:
    """Return the enumerations, bases and values."""
    return [DataType, trt.network_flag, BuilderFlag, Dims, IHostMemory, ILogger,
            IProgressMonitor]


def network_classes(trt: TensorRt) -> list[type]:
    """Return the classes that make a plan."""
    class IOptimizationProfile:
        _shapes: tuple = ()

        @real('set_shape(self: IOptimizationProfile, input: str, min: Dims, opt: Dims, '
              'max: Dims) -> None')
        def set_shape(self, input: str, min: Dims, opt: Dims, max: Dims) -> None:
            self._shapes = (input, min, opt, max)

    class ITimingCache:
        @real('serialize(self: ITimingCache) -> IHostMemory')
        def serialize(self) -> IHostMemory:
            return IHostMemory(b'timings of ' + trt.version.encode())

    class IBuilderConfig:
        builder_optimization_level = 3
        progress_monitor: Any = None

        def __init__(self) -> None:
            self._profiles: list[IOptimizationProfile] = []
            self._cleared: list[BuilderFlag] = []

        @real('clear_flag(self: IBuilderConfig, flag: BuilderFlag) -> None')
        def clear_flag(self, flag: BuilderFlag) -> None:
            self._cleared.append(flag)

        @real('add_optimization_profile(self: IBuilderConfig, '
              'profile: IOptimizationProfile) -> int')
        def add_optimization_profile(self, profile: IOptimizationProfile) -> int:
            self._profiles.append(profile)
            return len(self._profiles) - 1

        @real('create_timing_cache(self: IBuilderConfig, '
              'serialized_timing_cache: buffer) -> ITimingCache')
        def create_timing_cache(self, serialized_timing_cache: bytes) -> ITimingCache | None:
            return ITimingCache() if serialized_timing_cache in (
                b'', b'timings of ' + trt.version.encode()) else None

        @real('set_timing_cache(self: IBuilderConfig, cache: ITimingCache, '
              'ignore_mismatch: bool) -> bool')
        def set_timing_cache(self, cache: ITimingCache, ignore_mismatch: bool) -> bool:
            return True

    class INetworkDefinition:
        _model = b''

    class ParserError:
        @real('desc(self: ParserError) -> str')
        def desc(self) -> str:
            return 'TensorRT does not support UINT8 types for intermediate tensors!'

        @real('node_name(self: ParserError) -> str')
        def node_name(self) -> str:
            return '/Transpose'

        @real('node_operator(self: ParserError) -> str')
        def node_operator(self) -> str:
            return 'Transpose'

    class OnnxParser:
        num_errors = 0

        @real('__init__(self: OnnxParser, network: INetworkDefinition, '
              'logger: ILogger) -> None')
        def __init__(self, network: INetworkDefinition, logger: ILogger) -> None:
            self._network = network

        @real('parse(self: OnnxParser, model: buffer, path: str = None) -> bool')
        def parse(self, model: bytes, path: str | None = None) -> bool:
            if 'parse' in trt.failing or has_inner_bytes(model):
                self.num_errors = 1
                return False
            self._network._model = model
            return True

        @real('get_error(self: OnnxParser, index: int) -> ParserError')
        def get_error(self, index: int) -> ParserError:
            return ParserError()

    class Builder:
        @real('__init__(self: Builder, logger: ILogger) -> None')
        def __init__(self, logger: ILogger) -> None:
            trt.log = logger
            if 'Builder' in trt.failing:
                # As pybind11 says it where the library has none.
                raise TypeError('pybind11::init(): factory function returned nullptr')

        @real('create_network(self: Builder, flags: int = 0) -> INetworkDefinition')
        def create_network(self, flags: int = 0) -> INetworkDefinition:
            assert flags == 1 << trt.network_flag.STRONGLY_TYPED
            return INetworkDefinition()

        @real('create_builder_config(self: Builder) -> IBuilderConfig')
        def create_builder_config(self) -> IBuilderConfig:
            return IBuilderConfig()

        @real('create_optimization_profile(self: Builder) -> IOptimizationProfile')
        def create_optimization_profile(self) -> IOptimizationProfile:
            return IOptimizationProfile()

        @real('build_serialized_network(self: Builder, network: INetworkDefinition, '
              'config: IBuilderConfig) -> IHostMemory')
        def build_serialized_network(
                self, network: INetworkDefinition, config: IBuilderConfig) -> IHostMemory | None:
            if not report_progress(trt, config.progress_monitor):
                return None
            if 'build' in trt.failing:
                trt.error('Error Code 10: could not find any implementation for a node')
                return None
            trt.builds += 1
            profile, = config._profiles
            head = {'version': trt.version, 'gpu': trt.cuda.gpus[0],
                    'largest': profile._shapes[3],
                    'tf32': BuilderFlag.TF32 not in config._cleared}
            return IHostMemory(_MAGIC + json.dumps(head).encode() + b'\n' + network._model)

    return [Builder, OnnxParser, ParserError, INetworkDefinition, IBuilderConfig, ITimingCache,
            IOptimizationProfile]


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
            trt.cuda.enqueue(stream_handle, self._compute)
            return True

        def _compute(self) -> None:
            frames = array(self._addresses['frames'], self._shape)
            results = self._engine._session.run(self._engine._names[1:], {'frames': frames})
            for name, result in zip(self._engine._names[1:], results):
                array(self._addresses[name], result.shape)[:] = result

    class ICudaEngine:
        num_io_tensors = 0

        def __init__(self, largest: list[int], model: bytes) -> None:
            self._largest = largest
            self._session = onnxruntime.InferenceSession(
                model, providers=['CPUExecutionProvider'])
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

        @real('create_execution_context(self: ICudaEngine, '
              'strategy: ExecutionContextAllocationStrategy = STATIC) -> IExecutionContext')
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
            if magic + b'\n' != _MAGIC or json.loads(head)['version'] != trt.version:
                trt.error('Error Code 6: the engine was made by another version')
                return None
            return ICudaEngine(json.loads(head)['largest'], model)

    return [Runtime, ICudaEngine, IExecutionContext]


def report_progress(trt: TensorRt, monitor: IProgressMonitor | None) -> bool:
    """Report a build of two phases; return whether it goes on to its end."""
    if monitor is None:
        return True
    monitor.phase_start('Building an engine', None, 2)
    monitor.phase_start('Tactics', 'Building an engine', 4)
    for step in range(4):
        trt.at_step()
        if not monitor.step_complete('Tactics', step):
            return False
    monitor.phase_finish('Tactics')
    going_on = monitor.step_complete('Building an engine', 0)
    monitor.phase_finish('Building an engine')
    return going_on


def has_inner_bytes(model: bytes) -> bool:
    """Tell whether a tensor of uint8 is neither input nor output: TensorRT refuses that."""
    graph = onnx.shape_inference.infer_shapes(onnx.load_from_string(model)).graph
    edge = {value.name for value in (*graph.input, *graph.output)}
    return any(value.type.tensor_type.elem_type == onnx.TensorProto.UINT8
               and value.name not in edge for value in graph.value_info)


def array(address: int, shape: tuple[int, ...]) -> np.ndarray:
    """Return the bytes at an address."""
    size = int(np.prod(shape))
    return np.frombuffer((ctypes.c_uint8 * size).from_address(address), np.uint8).reshape(shape)
