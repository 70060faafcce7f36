"""Open each contender of a benchmark as a call on a batch of frames."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from roadseg_core.benchmarking.specification import BenchmarkError, BenchmarkSettings, Contender
from roadseg_core.engines import EngineDescription, open_engine
from roadseg_core.machine import resident_bytes
from roadseg_core.model_file import ModelInfo


@dataclass(frozen=True)
class Opened:
    """
    Hold a contender that runs.

    :param run: frames, uint8 [n, H, W, 3], to labels, uint8 [n, H, W]
    :param graph: what it runs, in words
    :param resident_mib: by how much the memory of this process grew from opening it to its
        first call on the largest batch; what others left free is not counted
    """

    contender: Contender
    run: Callable[[np.ndarray], np.ndarray]
    close: Callable[[], None]
    description: EngineDescription
    graph: str
    outputs: tuple[str, ...]
    open_seconds: float
    resident_mib: float


def open_contender(
    contender: Contender, settings: BenchmarkSettings, info: ModelInfo, frames: np.ndarray
) -> Opened:
    """
    Open a contender and call it once.

    :param info: of the run's model
    :param frames: the largest batch
    :raises BenchmarkError: if it runs another network size than the run's model
    """
    before, start = resident_bytes(), time.perf_counter()
    opened = (_plain if contender.plain else _engine)(contender, settings, info)
    opened['run'](frames)
    return Opened(
        contender=contender,
        open_seconds=round(time.perf_counter() - start, 3),
        resident_mib=round((resident_bytes() - before) / 2**20, 1),
        **opened,
    )


def _engine(
    contender: Contender, settings: BenchmarkSettings, info: ModelInfo
) -> dict[str, object]:
    outputs = contender.outputs or settings.outputs
    model = contender.model or _model_for(contender, settings)
    engine = open_engine(
        model,
        backend=contender.backend,
        outputs=outputs,
        device=contender.device,
        precision=contender.precision,
        threads=settings.threads,
        pinning=settings.pinning,
        cache_dir=settings.cache_dir,
    )
    if engine.info.geometry != info.geometry:
        raise BenchmarkError(
            f'{contender.text}: {model} is for {engine.info.geometry}, {info.path} for '
            f'{info.geometry}; expected the same frames for all'
        )

    def run(frames: np.ndarray) -> np.ndarray:
        result = engine.infer(frames)
        return next(
            value
            for value in (result.labels, result.road_probability, result.confidence)
            if value is not None
        )

    return {
        'run': run,
        'close': engine.close,
        'description': engine.description,
        'graph': f'{model.name} ({engine.info.precision})',
        'outputs': tuple(outputs),
    }


def _model_for(contender: Contender, settings: BenchmarkSettings) -> Path:
    """Return the file that a backend opens: PyTorch takes the checkpoint."""
    if contender.backend == 'torch' and settings.model.suffix == '.onnx':
        if settings.checkpoint is None:
            raise BenchmarkError(f'{contender.text} opens a checkpoint: give it by --checkpoint')
        return settings.checkpoint
    return settings.model


def _plain(contender: Contender, settings: BenchmarkSettings, info: ModelInfo) -> dict[str, object]:
    from roadseg_core.benchmarking import plain

    outputs = contender.outputs or settings.outputs
    threads = settings.threads or len(os.sched_getaffinity(0))
    checkpoint = reference_checkpoint(settings)
    weights = 'trained' if checkpoint else 'untrained'
    network = plain.plain_network(info, checkpoint, outputs)
    if contender.backend == 'torch':
        import torch

        run, version = plain.eager(network, threads=threads), torch.__version__
        graph = f'plain network, eager, {weights} weights'
    else:
        import onnxruntime

        from roadseg_core.export.run import trace

        model = trace(network, info.geometry.input_size)
        run, version = plain.onnx_runtime(model, threads=threads), onnxruntime.__version__
        graph = f'plain export, {weights} weights'
    return {
        'run': run,
        'close': lambda: None,
        'description': EngineDescription(contender.backend, 'cpu', 'fp32', threads, version),
        'graph': graph,
        'outputs': tuple(outputs),
    }


def reference_checkpoint(settings: BenchmarkSettings) -> Path | None:
    """Return the checkpoint of the run's model, where one is known."""
    return settings.checkpoint or (settings.model if settings.model.suffix != '.onnx' else None)
