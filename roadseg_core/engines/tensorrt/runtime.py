"""Run a TensorRT plan, with one context and one CUDA graph per batch size."""

from __future__ import annotations

import logging
from contextlib import ExitStack

import numpy as np
import tensorrt as trt

from roadseg_core.engines.base import EngineError
from roadseg_core.engines.tensorrt.cuda import Buffer, CudaGraph, Stream, select_gpu
from roadseg_core.engines.tensorrt.log import tensorrt_log
from roadseg_core.engines.tensorrt.plan_cache import PlanError
from roadseg_core.model_file import INPUT

_log = logging.getLogger(__name__)


class PlanRunner:
    """
    Run a plan on a GPU; one thread at a time may use it.

    :param plan: as TensorRT serialized it
    :param gpu: index of the GPU, which the calling thread uses already
    :param outputs: what to copy back
    :param frames: (largest batch, height, width, 3)
    :raises PlanError: if TensorRT cannot load the plan, or it is one for something else
    :raises EngineError: if the GPU lacks memory
    """

    def __init__(
        self, plan: bytes, *, gpu: int, outputs: tuple[str, ...], frames: tuple[int, int, int, int]
    ) -> None:
        self._gpu = gpu
        self._log = tensorrt_log()
        self._log.take_errors()
        self._outputs = outputs
        self._sizes = frames[1:]
        self._batches: dict[int, _Batch] = {}
        with ExitStack() as resources:
            self._engine = self._load(plan)
            resources.callback(self._drop_engine)
            self._check(frames)
            self._stream = Stream(resources)
            self._buffers = {INPUT: Buffer(resources, frames)}
            for name in outputs:
                self._buffers[name] = Buffer(resources, frames[:3])
            # What follows is released before what it uses.
            resources.callback(self._batches.clear)
            self._resources = resources.pop_all()

    def run(self, frames: np.ndarray) -> dict[str, np.ndarray]:
        """
        Segment a batch.

        :param frames: uint8 [n, H, W, 3], of no more frames than the largest batch
        :returns: uint8 [n, H, W] for each output, valid until the next call
        :raises EngineError: if TensorRT or CUDA fails
        """
        # Each thread has a GPU that it uses, and other engines of the thread may change it.
        select_gpu(self._gpu)
        count = len(frames)
        if count not in self._batches:
            self._batches[count] = self._prepare(count)
        self._buffers[INPUT].host[:count] = frames
        batch = self._batches[count]
        if batch.graph is None:
            self._enqueue(batch.context, count)
        else:
            batch.graph.launch()
        self._stream.wait()
        return {name: self._buffers[name].host[:count] for name in self._outputs}

    @property
    def graphs(self) -> dict[int, bool]:
        """Say for each batch size that was run whether it runs as a CUDA graph."""
        return {count: batch.graph is not None for count, batch in self._batches.items()}

    def close(self) -> None:
        """Give everything back; a second call does nothing."""
        self._resources.close()

    def _load(self, plan: bytes) -> trt.ICudaEngine:
        try:
            self._runtime = trt.Runtime(self._log)
        except TypeError as error:
            raise EngineError(f'TensorRT has no runtime here: {self._log.take_errors()}') from error
        engine = self._runtime.deserialize_cuda_engine(plan)
        if engine is None:
            raise PlanError(f'TensorRT cannot load the plan: {self._log.take_errors()}')
        return engine

    def _check(self, frames: tuple[int, int, int, int]) -> None:
        """Compare the plan's inputs and outputs with what the buffers are made for."""
        engine = self._engine
        expected = {INPUT: frames[1:], **dict.fromkeys(self._outputs, frames[1:3])}
        found = {}
        for index in range(engine.num_io_tensors):
            name = engine.get_tensor_name(index)
            if engine.get_tensor_dtype(name) != trt.DataType.UINT8:
                raise PlanError(
                    f'{name} of the plan is {engine.get_tensor_dtype(name)}; expected uint8'
                )
            found[name] = tuple(engine.get_tensor_shape(name))[1:]
        if found != expected:
            raise PlanError(f'the plan has the inputs and outputs {found}; expected {expected}')

    def _prepare(self, count: int) -> _Batch:
        """Make the context and the graph for batches of ``count`` frames."""
        context = self._engine.create_execution_context()
        if context is None:
            raise EngineError(
                f'TensorRT has no memory to run {count} frames: {self._log.take_errors()}'
            )
        shape = (count, *self._sizes)
        if not context.set_input_shape(INPUT, shape):
            raise EngineError(f'TensorRT refuses frames {shape}: {self._log.take_errors()}')
        for name, buffer in self._buffers.items():
            if not context.set_tensor_address(name, buffer.device):
                raise EngineError(
                    f'TensorRT refuses the memory of {name}: {self._log.take_errors()}'
                )
        # A graph holds what a run does once the context has set itself up for the shape.
        self._enqueue(context, count)
        self._stream.wait()
        graph = None
        try:
            graph = CudaGraph(self._resources, self._stream, lambda: self._enqueue(context, count))
        except EngineError as error:
            _log.warning('%d frames run without a CUDA graph: %s', count, error)
        return _Batch(context, graph)

    def _enqueue(self, context: trt.IExecutionContext, count: int) -> None:
        self._buffers[INPUT].upload(count, self._stream)
        if not context.execute_async_v3(int(self._stream.native)):
            raise EngineError(f'TensorRT failed on {count} frames: {self._log.take_errors()}')
        for name in self._outputs:
            self._buffers[name].download(count, self._stream)

    def _drop_engine(self) -> None:
        self._engine = None
        self._runtime = None


class _Batch:
    def __init__(self, context: trt.IExecutionContext, graph: CudaGraph | None) -> None:
        self.context = context
        self.graph = graph
