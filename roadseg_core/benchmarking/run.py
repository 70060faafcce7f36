"""Run a benchmark of engines: open them, check agreement and time them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial

import numpy as np

from roadseg_core.benchmarking.measuring import Timing, measure
from roadseg_core.benchmarking.opening import Opened, open_contender, reference_checkpoint
from roadseg_core.benchmarking.specification import BenchmarkError, BenchmarkSettings
from roadseg_core.engines import model_info
from roadseg_core.machine import describe_machine, versions
from roadseg_core.model_file import ModelInfo
from roadseg_core.sources.picture_batches import batch_of, load_pictures

PACKAGES = ('numpy', 'onnx', 'onnxruntime', 'openvino', 'torch', 'tensorrt', 'cuda-python')
"""The packages that compute; their versions stand beside the figures."""


def benchmark(settings: BenchmarkSettings) -> dict[str, object]:
    """
    Measure the contenders against each other.

    :returns: plain JSON types: machine, versions, model, settings, and for every batch size a
        row per contender; ``ratio`` is its frames per second over that of the first plain
        contender (``ratio_to``), or of the first contender where none is plain
    :raises BenchmarkError: if a contender cannot take part; EngineError if one cannot open
    """
    machine = describe_machine()
    info = model_info(settings.model)
    if max(settings.batches) > info.max_batch:
        raise BenchmarkError(
            f'batches {settings.batches}: {settings.model} takes at most {info.max_batch}'
        )
    pictures = load_pictures(
        info.geometry, settings.frames, max(settings.agreement_frames, *settings.batches)
    )
    opened: list[Opened] = []
    largest = batch_of(pictures, max(settings.batches))
    with ExitStack() as stack:
        for contender in settings.contenders:
            opened.append(open_contender(contender, settings, info, largest))
            stack.callback(opened[-1].close)
        agreement = agreements(opened, settings, info, pictures)
        batches = []
        for size in settings.batches:
            frames = batch_of(pictures, size)
            calls = {one.contender.text: partial(one.run, frames) for one in opened}
            timings = measure(calls, frames=size, rounds=settings.rounds, seconds=settings.seconds)
            batches.append({'batch': size, 'contenders': rows(opened, timings, agreement)})
    return {
        'machine': machine,
        'versions': versions(PACKAGES),
        'model': {
            'file': settings.model.name,
            'sha256': info.sha256,
            'network': info.network,
            'arguments': info.network_arguments,
            'precision': info.precision,
            'input_size': list(info.geometry.input_size),
        },
        'frames': 'smooth noise'
        if settings.frames is None
        else f'{len(pictures)} pictures of {settings.frames.name}',
        'rounds': settings.rounds,
        'seconds': settings.seconds,
        'threads': settings.threads or len(os.sched_getaffinity(0)),
        'pinning': settings.pinning,
        'batches': batches,
    }


def agreements(
    opened: Sequence[Opened], settings: BenchmarkSettings, info: ModelInfo, frames: np.ndarray
) -> dict[str, float]:
    """Return the share of labels equal to PyTorch's in fp32; empty without a checkpoint."""
    checkpoint = reference_checkpoint(settings)
    if checkpoint is None:
        return {}
    from roadseg_core.benchmarking.plain import eager, plain_network

    reference = eager(
        plain_network(info, checkpoint, ('labels',)),
        threads=settings.threads or len(os.sched_getaffinity(0)),
    )
    size = max(settings.batches)
    equal = {one.contender.text: 0 for one in opened if 'labels' in one.outputs}
    for start in range(0, len(frames), size):
        batch = np.ascontiguousarray(frames[start : start + size])
        expected = reference(batch)
        for one in opened:
            if one.contender.text in equal:
                equal[one.contender.text] += int((one.run(batch) == expected).sum())
    return {name: count / frames[..., 0].size for name, count in equal.items()}


def rows(
    opened: Sequence[Opened], timings: dict[str, Timing], agreement: dict[str, float]
) -> list[dict[str, object]]:
    """Return a row a contender, with its ratios to the first plain one."""
    base = next((one for one in opened if one.contender.plain), opened[0]).contender.text
    found = []
    for one in opened:
        name = one.contender.text
        timing = {
            key: float(f'{value:.4g}') if isinstance(value, float) else value
            for key, value in asdict(timings[name]).items()
        }
        found.append(
            {
                'contender': name,
                'graph': one.graph,
                **asdict(one.description),
                'outputs': list(one.outputs),
                **timing,
                'ratio': round(
                    timings[name].frames_per_second / timings[base].frames_per_second, 3
                ),
                # Nothing disturbed the fastest call: an idle machine would show this ratio.
                'ratio_of_least': round(timings[base].least_ms / timings[name].least_ms, 3),
                'ratio_to': base,
                'open_seconds': one.open_seconds,
                'resident_mib': one.resident_mib,
                'labels_equal': round(agreement[name], 6) if name in agreement else None,
            }
        )
    return found
