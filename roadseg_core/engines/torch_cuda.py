"""Run a PyTorch network on an NVIDIA GPU, with one CUDA graph per batch size."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from roadseg_core.engines.running import WARM_UP_RUNS

_log = logging.getLogger(__name__)


class GraphRunner:
    """
    Run a network on a GPU; one thread at a time may use it.

    Host buffers are page-locked, so that copies run beside the host; everything is enqueued in
    one stream. The kernels of a batch size are recorded once and launched as a whole.

    :param network: maps uint8 [N, H, W, 3] to tensors uint8 [N, H, W]; moved to the GPU
    :param frames: (largest batch, height, width, 3)
    :param outputs: the number of tensors that it returns
    :raises RuntimeError: if the GPU lacks memory, as PyTorch says it
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        device: torch.device,
        frames: tuple[int, int, int, int],
        outputs: int,
    ) -> None:
        self._device = device
        # The layout of cuDNN's kernels for tensor cores.
        self._network = network.to(device, memory_format=torch.channels_last)
        self._host_frames = torch.zeros(frames, dtype=torch.uint8, pin_memory=True)
        self._frames = torch.zeros(frames, dtype=torch.uint8, device=device)
        self._host_results = [
            torch.zeros(frames[:3], dtype=torch.uint8, pin_memory=True) for _ in range(outputs)
        ]
        self._stream = torch.cuda.Stream(device)
        self._recorded: dict[int, tuple[torch.cuda.CUDAGraph, tuple[Tensor, ...]] | None] = {}

    @property
    def graphs(self) -> dict[int, bool]:
        """Say for each batch size that was run whether it runs as a CUDA graph."""
        return {count: recorded is not None for count, recorded in self._recorded.items()}

    def run(self, frames: np.ndarray) -> list[np.ndarray]:
        """
        Segment a batch.

        :param frames: uint8 [n, H, W, 3], of no more frames than the largest batch
        :returns: the results, valid until the next call
        :raises RuntimeError: if CUDA fails, as PyTorch says it
        """
        count = len(frames)
        with (
            torch.inference_mode(),
            torch.cuda.device(self._device),
            torch.cuda.stream(self._stream),
        ):
            if count not in self._recorded:
                self._recorded[count] = self._record(count)
            self._host_frames.numpy()[:count] = frames
            self._frames[:count].copy_(self._host_frames[:count], non_blocking=True)
            recorded = self._recorded[count]
            if recorded is None:
                results = self._compute(count)
            else:
                graph, results = recorded
                graph.replay()
            for host, result in zip(self._host_results, results):
                host[:count].copy_(result, non_blocking=True)
            self._stream.synchronize()
        return [host.numpy()[:count] for host in self._host_results]

    def _compute(self, count: int) -> tuple[Tensor, ...]:
        with strict_single_precision():
            return self._network(self._frames[:count])

    def _record(self, count: int) -> tuple[torch.cuda.CUDAGraph, tuple[Tensor, ...]] | None:
        """Record the kernels of a batch size; None where they cannot be recorded."""
        # cuDNN looks for its fastest kernels in these runs.
        for _ in range(WARM_UP_RUNS):
            self._compute(count)
        self._stream.synchronize()
        graph = torch.cuda.CUDAGraph()
        try:
            # What other threads do meanwhile, such as another engine, must not be recorded.
            with torch.cuda.graph(graph, stream=self._stream, capture_error_mode='thread_local'):
                results = self._compute(count)
        except RuntimeError as error:
            _log.warning('%d frames run without a CUDA graph: %s', count, error)
            return None
        return graph, results


@contextmanager
def strict_single_precision() -> Iterator[None]:
    """Let cuDNN look for its fastest kernels, and compute fp32 as fp32, not as TF32."""
    with torch.backends.cudnn.flags(
        enabled=True, benchmark=True, deterministic=False, allow_tf32=False
    ):
        yield
