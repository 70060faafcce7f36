"""Wrap the CUDA calls of the TensorRT engine: GPUs, buffers, streams and graphs."""

from __future__ import annotations

import ctypes
import re
import weakref
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
from cuda.bindings import runtime as cudart

from roadseg_core.engines.base import EngineError


@dataclass(frozen=True)
class Gpu:
    """A GPU: its index for CUDA, its name, and its compute capability, such as 8.7."""

    index: int
    name: str
    compute_capability: str


def call(function: Callable, *arguments: object) -> object:
    """
    Call a function of the CUDA runtime.

    :returns: what it returns beside its status: a value, or None for nothing
    :raises EngineError: with CUDA's words, if it fails
    """
    status, *values = function(*arguments)
    if status != cudart.cudaError_t.cudaSuccess:
        raise EngineError(f'CUDA: {function.__name__} failed: {describe(status)}')
    return values[0] if values else None


def describe(status: cudart.cudaError_t) -> str:
    """Return CUDA's words for a status."""
    _, text = cudart.cudaGetErrorString(status)
    return f'{text.decode()} ({int(status)})'


def select_gpu(index: int) -> None:
    """Make a GPU the one that the calling thread uses."""
    call(cudart.cudaSetDevice, index)


def use_gpu(device: str) -> Gpu:
    """
    Find a GPU, and make it the one that the calling thread uses.

    :param device: ``auto`` or ``cuda`` for the first GPU, ``cuda:N`` for another
    :raises EngineError: if the name is none of these, or there is no such GPU
    """
    match = re.fullmatch(r'(?:auto|cuda(?::(\d+))?)', device.lower())
    if match is None:
        raise EngineError(f'device {device!r} for TensorRT; expected auto, cuda or cuda:N')
    index = int(match.group(1) or 0)
    status, count = cudart.cudaGetDeviceCount()
    if status != cudart.cudaError_t.cudaSuccess or not count:
        why = describe(status) if status != cudart.cudaError_t.cudaSuccess else 'none found'
        raise EngineError(f'there is no NVIDIA GPU that CUDA can use here: {why}')
    if index >= count:
        raise EngineError(f'device {device!r}; this machine has {count} NVIDIA GPUs, from cuda:0')
    select_gpu(index)
    properties = call(cudart.cudaGetDeviceProperties, index)
    name = properties.name
    return Gpu(
        index,
        (name.decode() if isinstance(name, bytes) else name).rstrip('\0'),
        f'{properties.major}.{properties.minor}',
    )


class Buffer:
    """
    Hold the bytes of a batch twice: on the host, page-locked, and on the GPU.

    :param resources: where the memory on the GPU is given back
    :param shape: of the largest batch
    :ivar host: uint8 array of that shape; its memory lives as long as any view of it
    :ivar device: address on the GPU
    """

    def __init__(self, resources: ExitStack, shape: tuple[int, ...]) -> None:
        size = int(np.prod(shape))
        address = call(cudart.cudaMallocHost, size)
        memory = (ctypes.c_uint8 * size).from_address(address)
        # Results are views: freed with the engine, they would point to nothing.
        weakref.finalize(memory, cudart.cudaFreeHost, address)
        self.host = np.frombuffer(memory, np.uint8).reshape(shape)
        self.host.fill(0)
        self.device: int = call(cudart.cudaMalloc, size)
        resources.callback(cudart.cudaFree, self.device)

    def upload(self, count: int, stream: Stream) -> None:
        """Enqueue the copy of the first ``count`` frames to the GPU."""
        call(
            cudart.cudaMemcpyAsync,
            self.device,
            self.host.ctypes.data,
            self.host[:count].nbytes,
            cudart.cudaMemcpyKind.cudaMemcpyHostToDevice,
            stream.native,
        )

    def download(self, count: int, stream: Stream) -> None:
        """Enqueue the copy of the first ``count`` frames from the GPU."""
        call(
            cudart.cudaMemcpyAsync,
            self.host.ctypes.data,
            self.device,
            self.host[:count].nbytes,
            cudart.cudaMemcpyKind.cudaMemcpyDeviceToHost,
            stream.native,
        )


class Stream:
    """
    A queue of work on the GPU, apart from the default one, which TensorRT advises against.

    :param resources: where it is given back
    """

    def __init__(self, resources: ExitStack) -> None:
        self.native = call(cudart.cudaStreamCreateWithFlags, cudart.cudaStreamNonBlocking)
        resources.callback(cudart.cudaStreamDestroy, self.native)

    def wait(self) -> None:
        """Wait until everything enqueued is done; raise :class:`EngineError` if it failed."""
        call(cudart.cudaStreamSynchronize, self.native)


class CudaGraph:
    """
    Work recorded once and launched as a whole.

    :param resources: where it is given back
    :param enqueue: enqueues the work on ``stream``
    :raises EngineError: if the work cannot be recorded; the stream is usable afterwards
    """

    def __init__(self, resources: ExitStack, stream: Stream, enqueue: Callable[[], None]) -> None:
        self._stream = stream
        # Calls of other threads, such as those of another engine, are none of this record's.
        call(
            cudart.cudaStreamBeginCapture,
            stream.native,
            cudart.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal,
        )
        try:
            enqueue()
        except EngineError:
            self._leave_capture()
            raise
        recorded = call(cudart.cudaStreamEndCapture, stream.native)
        try:
            self._native = call(cudart.cudaGraphInstantiate, recorded, 0)
        finally:
            call(cudart.cudaGraphDestroy, recorded)
        resources.callback(cudart.cudaGraphExecDestroy, self._native)

    def _leave_capture(self) -> None:
        """End a capture that failed: its status says nothing new, and no later call's is."""
        status, recorded = cudart.cudaStreamEndCapture(self._stream.native)
        if status == cudart.cudaError_t.cudaSuccess:
            call(cudart.cudaGraphDestroy, recorded)
        cudart.cudaGetLastError()

    def launch(self) -> None:
        """Enqueue the recorded work."""
        call(cudart.cudaGraphLaunch, self._native, self._stream.native)
