"""A double of the CUDA runtime: memory, streams and graphs, on the processor."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from types import ModuleType

from binding_double import real

CudaError = IntEnum(
    'cudaError_t',
    {
        'cudaSuccess': 0,
        'cudaErrorMemoryAllocation': 2,
        'cudaErrorNoDevice': 100,
        'cudaErrorInvalidResourceHandle': 400,
        'cudaErrorIllegalAddress': 700,
        'cudaErrorStreamCaptureUnsupported': 900,
        'cudaErrorStreamCaptureInvalidated': 901,
    },
)
CopyKind = IntEnum('cudaMemcpyKind', {'cudaMemcpyHostToDevice': 1, 'cudaMemcpyDeviceToHost': 2})
CaptureMode = IntEnum('cudaStreamCaptureMode', {'cudaStreamCaptureModeThreadLocal': 1})
OK = CudaError.cudaSuccess


@dataclass
class DeviceProperties:
    """What CUDA knows of a GPU."""

    name: bytes = b''
    major: int = 0
    minor: int = 0


DeviceProperties.__name__ = 'cudaDeviceProp'


class Stream:
    """A stream: it does at once what is enqueued, or records it while a graph is captured."""

    def __init__(self, gpu: int) -> None:
        self.gpu = gpu
        self.recording: list[Callable[[], None]] | None = None
        self.invalid = False

    def __int__(self) -> int:
        return id(self)


class Cuda:
    """
    The state behind the double.

    :ivar gpus: (name, major, minor) of each GPU
    :ivar failing: names of functions that fail
    :ivar calls: the names of all functions called
    """

    def __init__(self) -> None:
        self.gpus: list[tuple[str, int, int]] = [('Double GPU', 8, 7)]
        self.failing: set[str] = set()
        self.calls: list[str] = []
        self.host: dict[int, ctypes.Array] = {}
        self.device: dict[int, ctypes.Array] = {}
        self.streams: dict[int, Stream] = {}
        self.graphs: set[int] = set()
        self.capturable = True
        self.error = OK
        self._thread = threading.local()

    @property
    def gpu(self) -> int:
        """The GPU that the calling thread uses."""
        return getattr(self._thread, 'gpu', 0)

    @gpu.setter
    def gpu(self, index: int) -> None:
        self._thread.gpu = index

    @property
    def held(self) -> int:
        """The number of things on the GPU that were not given back."""
        return len(self.device) + len(self.streams) + len(self.graphs)

    def enqueue(self, stream: int | Stream, work: Callable[[], None]) -> bool:
        """Do work in a stream, or record it; False where the stream is another GPU's."""
        held = self.streams[int(stream)]
        if held.gpu != self.gpu:
            return False
        if held.recording is None:
            work()
        else:
            held.recording.append(work)
        return True

    def memory(self, address: int, size: int) -> bool:
        """Tell whether bytes were allocated, by their first address."""
        found = self.host.get(address, self.device.get(address))
        return found is not None and len(found) >= size

    def module(self) -> ModuleType:
        """Return the double of ``cuda.bindings.runtime``."""
        module = ModuleType('cuda.bindings.runtime')
        for value in (CudaError, CopyKind, CaptureMode, DeviceProperties):
            setattr(module, value.__name__, value)
        module.cudaStreamNonBlocking = 1
        for name, function in functions(self).items():
            setattr(module, name, self._counted(name, function))
        return module

    def _counted(self, name: str, function: Callable) -> Callable:
        def counted(*arguments: object) -> tuple:
            self.calls.append(name)
            if name in self.failing:
                return (CudaError.cudaErrorMemoryAllocation, None)
            return function(*arguments)

        counted.__name__ = name
        counted.signature = function.signature
        return counted


def functions(cuda: Cuda) -> dict[str, Callable]:
    """Return the functions of the CUDA runtime that the engine calls."""

    @real('cudaGetDeviceCount()')
    def get_device_count() -> tuple:
        return (OK, len(cuda.gpus)) if cuda.gpus else (CudaError.cudaErrorNoDevice, None)

    @real('cudaSetDevice(int device)')
    def set_device(device: int) -> tuple:
        cuda.gpu = device
        return (OK,)

    @real('cudaGetDeviceProperties(int device)')
    def get_device_properties(device: int) -> tuple:
        name, major, minor = cuda.gpus[device]
        return (OK, DeviceProperties(name.encode(), major, minor))

    @real('cudaGetErrorString(error: cudaError_t)')
    def get_error_string(error: CudaError) -> tuple:
        return (OK, error.name.encode())

    @real('cudaGetLastError()')
    def get_last_error() -> tuple:
        last, cuda.error = cuda.error, OK
        return (last,)

    @real('cudaMallocHost(size_t size)')
    def malloc_host(size: int) -> tuple:
        return (OK, allocate(cuda.host, size))

    @real('cudaFreeHost(ptr)')
    def free_host(ptr: int) -> tuple:
        del cuda.host[ptr]
        return (OK,)

    @real('cudaMalloc(size_t size)')
    def malloc(size: int) -> tuple:
        return (OK, allocate(cuda.device, size))

    @real('cudaFree(devPtr)')
    def free(pointer: int) -> tuple:
        del cuda.device[pointer]
        return (OK,)

    @real('cudaMemcpyAsync(dst, src, size_t count, kind: cudaMemcpyKind, stream)')
    def memcpy_async(dst: int, src: int, count: int, kind: CopyKind, stream: Stream) -> tuple:
        host, device = (src, dst) if kind == CopyKind.cudaMemcpyHostToDevice else (dst, src)
        if (
            host not in cuda.host
            or device not in cuda.device
            or not (cuda.memory(host, count) and cuda.memory(device, count))
        ):
            return (CudaError.cudaErrorIllegalAddress,)
        done = cuda.enqueue(stream, lambda: ctypes.memmove(dst, src, count))
        return (OK if done else CudaError.cudaErrorInvalidResourceHandle,)

    @real('cudaStreamCreateWithFlags(unsigned int flags)')
    def stream_create_with_flags(flags: int) -> tuple:
        stream = Stream(cuda.gpu)
        cuda.streams[int(stream)] = stream
        return (OK, stream)

    @real('cudaStreamDestroy(stream)')
    def stream_destroy(stream: Stream) -> tuple:
        del cuda.streams[int(stream)]
        return (OK,)

    @real('cudaStreamSynchronize(stream)')
    def stream_synchronize(stream: Stream) -> tuple:
        return (OK if stream.recording is None else CudaError.cudaErrorStreamCaptureUnsupported,)

    @real('cudaStreamBeginCapture(stream, mode: cudaStreamCaptureMode)')
    def stream_begin_capture(stream: Stream, mode: CaptureMode) -> tuple:
        stream.recording = []
        return (OK,)

    @real('cudaStreamEndCapture(stream)')
    def stream_end_capture(stream: Stream) -> tuple:
        recorded, stream.recording = stream.recording, None
        if not cuda.capturable:
            cuda.error = CudaError.cudaErrorStreamCaptureInvalidated
            return (cuda.error, None)
        cuda.graphs.add(id(recorded))
        return (OK, recorded)

    @real('cudaGraphInstantiate(graph, unsigned long long flags)')
    def graph_instantiate(graph: list, flags: int) -> tuple:
        executable = list(graph)
        cuda.graphs.add(id(executable))
        return (OK, executable)

    @real('cudaGraphDestroy(graph)')
    def graph_destroy(graph: list) -> tuple:
        cuda.graphs.remove(id(graph))
        return (OK,)

    @real('cudaGraphExecDestroy(graphExec)')
    def graph_exec_destroy(executable: list) -> tuple:
        cuda.graphs.remove(id(executable))
        return (OK,)

    @real('cudaGraphLaunch(graphExec, stream)')
    def graph_launch(executable: list, stream: Stream) -> tuple:
        if stream.gpu != cuda.gpu:
            return (CudaError.cudaErrorInvalidResourceHandle,)
        for work in executable:
            work()
        return (OK,)

    return {value.__name__: value for value in locals().values() if hasattr(value, 'signature')}


def allocate(memory: dict[int, ctypes.Array], size: int) -> int:
    """Allocate bytes that hold no zeros, and return their address."""
    block = (ctypes.c_uint8 * size)()
    ctypes.memset(block, 0xA5, size)
    address = ctypes.addressof(block)
    memory[address] = block
    return address
