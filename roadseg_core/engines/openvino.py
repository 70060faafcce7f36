"""The OpenVINO engine runs model files on any CPU."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache

import numpy as np
import onnx
import openvino

from roadseg_core.engines.base import (
    Engine,
    EngineDescription,
    EngineError,
    EngineOptions,
    Run,
    Segmentation,
    check_cache,
)
from roadseg_core.engines.processor import (
    bf16_instructions,
    default_threads,
    physical_cores,
    vector_lanes,
)
from roadseg_core.model_file import ModelFile
from roadseg_core.rewriting.wide_convolution import widen_convolutions

_PRECISIONS = {'fp32': 'f32', 'bf16': 'bf16', 'fp16': 'f16'}

_log = logging.getLogger(__name__)


@cache
def _shared_core() -> openvino.Core:
    """
    Return the one Core, which lives as long as the process.

    Its CPU plugin gives the thread that loads it another stack for signals. Unloaded by another
    thread, it takes the memory away and leaves the stack set: the next signal ends the process.
    """
    return openvino.Core()


class OpenVinoEngine(Engine):
    """
    Run a model file by OpenVINO.

    Every batch size is compiled with fixed shapes: OpenVINO fuses more than with a dynamic
    batch. On a CPU a batch runs as requests of one frame each, on as many streams as there are
    frames and threads: each core works on its own frame, and meets no other at every layer. A
    batch that begins before the last one has ended has requests and arrays of its own.

    Options: the device is the CPU where it is ``auto``. The precision is that of the layers in
    floating point, fp32, bf16 or fp16: a file in int8 says itself which layers are not, and int8
    asks for one; ``auto`` takes bf16 on a CPU with instructions for it (AMX or AVX512-BF16), else
    fp32. 0 threads are one for each core, less one for the caller's own threads where there are
    four cores or more. Pinned threads collide with the node's own and with other programs'.

    :raises EngineError: if OpenVINO cannot compile the model as asked
    """

    def __init__(self, model: ModelFile, options: EngineOptions) -> None:
        info, precision, device = model.info, options.precision, options.device
        super().__init__(info, options.outputs)
        if precision == 'int8' and info.precision == 'int8':
            precision = 'auto'
        if precision != 'auto' and precision not in _PRECISIONS:
            raise EngineError(
                f'precision {precision!r} for OpenVINO and {info.path}, a file in '
                f'{info.precision}; expected auto, {", ".join(_PRECISIONS)}, or int8 for a file '
                'in int8 (roadseg quantize)'
            )
        self._device = 'CPU' if device.lower() in ('auto', 'cpu') else device
        self._threads = 0
        settings: dict[str, object] = {}
        if self._device == 'CPU':
            self._threads = options.threads or default_threads(physical_cores())
            settings['ENABLE_CPU_PINNING'] = options.pinning
            precision = _choose(precision)
        if precision != 'auto':
            settings['INFERENCE_PRECISION_HINT'] = _PRECISIONS[precision]
        if options.cache_dir is not None:
            check_cache(options.cache_dir)
            settings['CACHE_DIR'] = str(options.cache_dir)
        self._settings = settings
        height, width = info.geometry.input_size
        self._results = {
            name: np.zeros((2, info.max_batch, height, width), np.uint8) for name in self.outputs
        }
        self._turn = 0
        self._requests: dict[tuple[int, int], list[openvino.InferRequest]] = {}
        self._compiled: dict[tuple[int, int], openvino.CompiledModel] = {}
        try:
            self._core = _shared_core()
            self._graph = self._rewritten(model.content).SerializeToString()
            self._prepare(info.max_batch, 0)
            compiled = next(iter(self._compiled.values()))
            self.description = EngineDescription(
                backend='openvino',
                device=self._device,
                threads=self._threads,
                precision=self._precision(compiled),
                version=openvino.get_version(),
            )
        except RuntimeError as error:
            raise EngineError(
                f'OpenVINO cannot open {info.path} on {self._device}: {error}'
            ) from error

    def _rewritten(self, content: bytes) -> onnx.ModelProto:
        """Return the graph of a model file in the form that is fastest on this device."""
        model = onnx.load_from_string(content)
        lanes = vector_lanes() if self._device == 'CPU' else 0
        return widen_convolutions(model, lanes=lanes) if lanes else model

    def _precision(self, compiled: openvino.CompiledModel) -> str:
        kind = compiled.get_property('INFERENCE_PRECISION_HINT').get_type_name()
        named = {value: key for key, value in _PRECISIONS.items()}
        ran = named.get(kind, self.info.precision)
        return ran if self.info.precision != 'int8' else f'int8+{ran}'

    def _prepare(self, count: int, turn: int) -> list[openvino.InferRequest]:
        """Return a turn's requests for a batch of ``count`` frames, made on their first use."""
        if (count, turn) not in self._requests:
            streams = min(count, self._threads) if self._device == 'CPU' else 1
            frames = 1 if streams > 1 else count
            compiled = self._compile(frames, streams)
            requests = [compiled.create_infer_request() for _ in range(count // frames)]
            for i, request in enumerate(requests):
                for index, name in enumerate(self.outputs):
                    # Each request writes its frames' places in the arrays that are returned.
                    part = self._results[name][turn, i * frames : (i + 1) * frames]
                    request.set_output_tensor(index, openvino.Tensor(part, shared_memory=True))
            self._requests[count, turn] = requests
        return self._requests[count, turn]

    def _compile(self, frames: int, streams: int) -> openvino.CompiledModel:
        """Compile for ``frames`` frames a request and ``streams`` requests at a time."""
        if (frames, streams) not in self._compiled:
            model = self._core.read_model(self._graph)
            by_name = {output.get_any_name(): output for output in model.outputs}
            # Outputs that nobody asked for are taken out, and what leads to them with them.
            wanted = openvino.Model(
                [by_name[output] for output in self.outputs], model.get_parameters(), 'roadseg'
            )
            wanted.reshape([frames, *self.info.geometry.input_size, 3])
            settings = {'PERFORMANCE_HINT': 'LATENCY', **self._settings}
            if self._threads:
                settings |= {'INFERENCE_NUM_THREADS': self._threads, 'NUM_STREAMS': streams}
            self._compiled[frames, streams] = self._core.compile_model(
                wanted, self._device, settings
            )
        return self._compiled[frames, streams]

    def _infer(self, frames: np.ndarray) -> Segmentation:
        return self._begin(frames, 0)().result

    def _start(self, frames: np.ndarray) -> Callable[[], Run]:
        self._turn = 1 - self._turn
        return self._begin(frames, self._turn)

    def _begin(self, frames: np.ndarray, turn: int) -> Callable[[], Run]:
        if self._core is None:
            raise EngineError('the engine is closed')
        count = len(frames)
        # OpenVINO shares no memory that is read-only.
        frames = np.require(frames, requirements=['C', 'W'])

        started: list[openvino.InferRequest] = []

        def wait() -> None:
            # All of them, whatever happens to one: they read ``frames``, which this keeps alive.
            errors = []
            for request in started:
                try:
                    request.wait()
                except RuntimeError as error:
                    errors.append(error)
            if errors:
                raise EngineError(f'OpenVINO failed on {len(frames)} frames: {errors[0]}')

        def finish() -> Run:
            wait()
            # Not now: the batch may have ended before anybody waited for it.
            ended = began + max(request.latency for request in started) / 1e3
            arrays = {name: array[turn, :count] for name, array in self._results.items()}
            return Run(Segmentation(**arrays), began, ended)

        try:
            requests = self._prepare(count, turn)
            each = count // len(requests)
            began = time.perf_counter()
            for i, request in enumerate(requests):
                part = frames[i * each : (i + 1) * each]
                # Handed to start_async, it would be matched with the inputs first, for 0.1 ms.
                request.set_input_tensor(openvino.Tensor(part, shared_memory=True))
                request.start_async()
                started.append(request)
        except RuntimeError as error:
            with suppress(EngineError):
                wait()
            raise EngineError(f'OpenVINO cannot run {count} frames: {error}') from error
        return finish

    def close(self) -> None:
        """Give back what the engine holds; a second call does nothing."""
        self._requests = {}
        self._compiled = {}
        self._core = None


def _choose(precision: str) -> str:
    """Return the precision for this CPU; ``auto`` stays where nothing is known about it."""
    if precision != 'auto':
        return precision
    instructions = bf16_instructions()
    if instructions is None:
        return 'auto'
    if not instructions:
        _log.info('precision auto: fp32, since this processor has neither AMX nor AVX512-BF16')
        return 'fp32'
    _log.info('precision auto: bf16, since this processor has %s', ', '.join(instructions))
    return 'bf16'
