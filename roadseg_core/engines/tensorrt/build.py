"""Build a TensorRT plan from a model file."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import onnx
import tensorrt as trt

from roadseg_core.engines.base import EngineError, OpeningStopped, Progress
from roadseg_core.engines.tensorrt.log import BuildMonitor, tensorrt_log
from roadseg_core.engines.tensorrt.network import prepare_network
from roadseg_core.engines.tensorrt.rules import refuse_unsupported
from roadseg_core.files import write_atomically
from roadseg_core.model_file import INPUT, ModelInfo

_log = logging.getLogger(__name__)


OPTIMIZATION_LEVEL = 3
"""How long the builder looks for fast kernels, 0 to 5."""


def build_plan(
    model: bytes,
    info: ModelInfo,
    *,
    outputs: Sequence[str],
    tf32: bool,
    timing_cache: Path | None,
    progress: Progress | None,
) -> bytes:
    """
    Build a plan for batches of 1 to ``info.max_batch`` frames, fastest for the largest.

    Types are those of the file (a strongly typed network): TensorRT 10 is told so, and
    TensorRT 11 knows no other way.

    :param model: content of the model file
    :param tf32: whether single precision may run in TF32, on GPUs that have it
    :param timing_cache: file of kernel timings that make the next build faster; None for none
    :param progress: told how the build goes; it can end it
    :raises EngineError: if TensorRT cannot build the network; it says why
    :raises OpeningStopped: if ``progress`` wanted the build to end
    """
    prepared = prepare_network(onnx.load_from_string(model), outputs)
    refuse_unsupported(prepared, info.path)
    log = tensorrt_log()
    log.take_errors()
    try:
        builder = trt.Builder(log)
    except TypeError as error:
        raise EngineError(f'TensorRT has no builder here: {log.take_errors()}') from error
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = trt.OnnxParser(network, log)
    if not parser.parse(prepared.SerializeToString()):
        problems = [parser.get_error(index) for index in range(parser.num_errors)]
        told = '; '.join(
            f'{problem.desc()} ({problem.node_operator()} {problem.node_name()})'
            for problem in problems
        )
        raise EngineError(f'TensorRT does not take {info.path}: {told or log.take_errors()}')
    config = builder.create_builder_config()
    config.builder_optimization_level = OPTIMIZATION_LEVEL
    if not tf32:
        config.clear_flag(trt.BuilderFlag.TF32)
    profile = builder.create_optimization_profile()
    height, width = info.geometry.input_size
    largest = [info.max_batch, height, width, 3]
    profile.set_shape(INPUT, trt.Dims([1, height, width, 3]), trt.Dims(largest), trt.Dims(largest))
    if config.add_optimization_profile(profile) < 0:
        raise EngineError(f'TensorRT refuses batches of 1 to {largest}: {log.take_errors()}')
    timings = _set_timing_cache(config, timing_cache)
    # Kept here until the build is over: TensorRT does not own it.
    monitor = None if progress is None else BuildMonitor(progress)
    if monitor is not None:
        config.progress_monitor = monitor
    plan = builder.build_serialized_network(network, config)
    if monitor is not None and monitor.stopped:
        raise OpeningStopped(f'the build of {info.path.name} was ended')
    if plan is None:
        raise EngineError(f'TensorRT cannot build {info.path}: {log.take_errors()}')
    if timing_cache is not None and timings is not None:
        try:
            with write_atomically(timing_cache) as temporary:
                temporary.write_bytes(bytes(timings.serialize()))
        except OSError as error:
            _log.warning('the timings of this build are lost: %s: %s', timing_cache, error)
    return bytes(plan)


def _set_timing_cache(config: trt.IBuilderConfig, path: Path | None) -> trt.ITimingCache | None:
    """Give the builder what earlier builds measured; what does not fit is left out."""
    kept = b''
    if path is not None and path.is_file():
        kept = path.read_bytes()
    for content in dict.fromkeys((kept, b'')):
        timings = config.create_timing_cache(content)
        if timings is not None and config.set_timing_cache(timings, False):
            return timings
        _log.info('TensorRT cannot use the timings in %s: measuring anew', path)
    return None
