"""A double of what makes TensorRT's plans: a plan of the double holds the graph itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import onnx
from binding_double import real
from tensorrt_types_double import MAGIC, BuilderFlag, Dims, IHostMemory, ILogger, IProgressMonitor

if TYPE_CHECKING:
    from tensorrt_double import TensorRt


def builder_classes(trt: TensorRt) -> list[type]:
    """Return the classes that make a plan."""

    class IOptimizationProfile:
        _shapes: tuple = ()

        @real(
            'set_shape(self: IOptimizationProfile, input: str, min: Dims, opt: Dims, '
            'max: Dims) -> None'
        )
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

        @real(
            'add_optimization_profile(self: IBuilderConfig, profile: IOptimizationProfile) -> int'
        )
        def add_optimization_profile(self, profile: IOptimizationProfile) -> int:
            self._profiles.append(profile)
            return len(self._profiles) - 1

        @real(
            'create_timing_cache(self: IBuilderConfig, '
            'serialized_timing_cache: buffer) -> ITimingCache'
        )
        def create_timing_cache(self, serialized_timing_cache: bytes) -> ITimingCache | None:
            return (
                ITimingCache()
                if serialized_timing_cache in (b'', b'timings of ' + trt.version.encode())
                else None
            )

        @real(
            'set_timing_cache(self: IBuilderConfig, cache: ITimingCache, '
            'ignore_mismatch: bool) -> bool'
        )
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

        @real('__init__(self: OnnxParser, network: INetworkDefinition, logger: ILogger) -> None')
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

        @real(
            'build_serialized_network(self: Builder, network: INetworkDefinition, '
            'config: IBuilderConfig) -> IHostMemory'
        )
        def build_serialized_network(
            self, network: INetworkDefinition, config: IBuilderConfig
        ) -> IHostMemory | None:
            trt.log.log(ILogger.Severity.INFO, 'the double builds')
            if not report_progress(trt, config.progress_monitor):
                return None
            if 'build' in trt.failing:
                trt.error('Error Code 10: could not find any implementation for a node')
                return None
            trt.builds += 1
            (profile,) = config._profiles
            head = {
                'version': trt.version,
                'gpu': trt.cuda.gpus[0],
                'largest': profile._shapes[3],
                'tf32': BuilderFlag.TF32 not in config._cleared,
            }
            return IHostMemory(b'\n'.join((MAGIC, json.dumps(head).encode(), network._model)))

    return [
        Builder,
        OnnxParser,
        ParserError,
        INetworkDefinition,
        IBuilderConfig,
        ITimingCache,
        IOptimizationProfile,
    ]


def report_progress(trt: TensorRt, monitor: IProgressMonitor | None) -> bool:
    """Report a build of two phases; return whether it goes on to its end."""
    if monitor is None:
        return True
    monitor.phase_start('Building an engine', None, 2)
    monitor.phase_start('Tactics', 'Building an engine', 4)
    for step in range(4):
        while trt.at_step():
            if not monitor.step_complete('Tactics', step - 1):
                return False
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
    return any(
        value.type.tensor_type.elem_type == onnx.TensorProto.UINT8 and value.name not in edge
        for value in graph.value_info
    )
