"""Engines at work: warmed up, and run on images alone and in batches."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from roadseg_core.engines.base import Engine, OpeningStopped, Progress
from roadseg_core.pipeline.frame import Frame
from roadseg_core.pipeline.segmentation import Segmentation

Item = TypeVar('Item')

WARM_UP_RUNS = 3
"""Runs of each batch size; the first sets up memory and kernels, or compiles."""

_MOST_WAITING = 64
"""Items that wait for a batch to be full, at most."""


def warm_up(engine: Engine, sizes: Iterable[int], *, progress: Progress | None = None) -> float:
    """
    Run batches of empty frames, so that no frame pays for what an engine does only once.

    :param sizes: of the batches, the one that is timed last
    :param progress: told how it goes on; its False ends it
    :returns: seconds of the median run of the last size
    :raises EngineError: if a run fails, OpeningStopped if ``progress`` ended it
    """
    sizes = tuple(sizes)
    frames = np.zeros((max(sizes), *engine.info.geometry.input_size, 3), np.uint8)
    times = []
    for number in range(WARM_UP_RUNS):
        if progress is not None and not progress('warming up', number / WARM_UP_RUNS):
            raise OpeningStopped('given up while warming up')
        for size in sizes:
            began = time.perf_counter()
            engine.infer(frames[:size])
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def segment_image(engine: Engine, image: np.ndarray) -> tuple[Frame, Segmentation]:
    """
    Run one image through the conversion and the engine of the vehicle.

    :param image: uint8 [H, W, 3], BGR
    :returns: the image as the network saw it, and a batch of one; its arrays are the caller's
        until the engine runs again
    :raises EngineError: if the run fails
    """
    geometry = engine.info.geometry
    batch = np.empty((1, *geometry.input_size, 3), np.uint8)
    return Frame.placed(image, geometry, batch[0]), engine.infer(batch)


@dataclass(frozen=True)
class BatchRun:
    """
    Hold an engine's result for one frame.

    :param result: a batch of one, of its own
    :param infer_ms: time of the batch that it was in
    :param batch: frames in that batch
    """

    result: Segmentation
    infer_ms: float
    batch: int


def segment_in_batches(
    items: Iterable[Item], engine: Engine, size: int, *, frame: Callable[[Item], Frame | None]
) -> Iterator[tuple[Item, BatchRun | None]]:
    """
    Yield every item in its order, those with a frame segmented, in batches.

    The last batch is filled up with what the array held before: an engine may compile for each
    size, and would for a few frames. Smaller are those between which many items have no frame.

    :param size: frames in a batch; the engine is warm for it
    :param frame: returns an item's frame; None for one that only passes through
    :raises EngineError: if a run fails
    """
    frames = np.zeros((size, *engine.info.geometry.input_size, 3), np.uint8)
    warm = {size}
    waiting: list[tuple[Item, bool]] = []
    filled = 0
    for item in items:
        placed = frame(item)
        waiting.append((item, placed is not None))
        if placed is not None:
            frames[filled] = placed.network_image
            filled += 1
        if filled == size or len(waiting) >= _MOST_WAITING:
            yield from _run(waiting, frames[:filled], engine, warm)
            waiting, filled = [], 0
    yield from _run(waiting, frames if filled else frames[:0], engine, warm)


def _run(
    waiting: list[tuple[Item, bool]], frames: np.ndarray, engine: Engine, warm: set[int]
) -> Iterator[tuple[Item, BatchRun | None]]:
    """Segment a batch outside the time that an engine takes for a size's first run."""
    arrays, infer_ms, number = (), 0.0, 0
    if len(frames):
        if len(frames) not in warm:
            warm_up(engine, [len(frames)])
            warm.add(len(frames))
        began = time.perf_counter()
        result = engine.infer(frames)
        infer_ms = (time.perf_counter() - began) * 1e3
        arrays = (result.labels, result.road_probability, result.confidence)
    made: list[tuple[Item, BatchRun | None]] = []
    for item, has_frame in waiting:
        run = None
        if has_frame:
            # The engine's arrays are its own from the next run on.
            own = [None if a is None else a[number : number + 1].copy() for a in arrays]
            run = BatchRun(Segmentation(*own), infer_ms, len(frames))
            number += 1
        made.append((item, run))
    yield from made
