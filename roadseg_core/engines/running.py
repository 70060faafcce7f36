"""Engines at work: warmed up, and run on images alone and in batches."""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from roadseg_core.engines.base import Engine, EngineError, OpeningStopped, Progress, Run
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

    A batch begins before the one before it is handed on. The last is filled up with what the array
    held before: an engine may compile for each size, and would for a few frames. A batch is
    smaller only where many items without a frame come in between.

    :param size: frames in a batch; the engine is warm for it
    :param frame: returns an item's frame; None for one that only passes through
    :raises EngineError: if a run fails
    """
    # One array is filled while the engine reads the other.
    arrays = deque(np.zeros((2, size, *engine.info.geometry.input_size, 3), np.uint8))
    batches = _Batches(engine, size)
    waiting: list[tuple[Item, bool]] = []
    filled = 0
    try:
        for item in items:
            placed = frame(item)
            waiting.append((item, placed is not None))
            if placed is not None:
                arrays[0][filled] = placed.network_image
                filled += 1
            if filled == size or len(waiting) >= _MOST_WAITING:
                yield from batches.following(waiting, arrays[0][:filled])
                arrays.rotate()
                waiting, filled = [], 0
        yield from batches.following(waiting, arrays[0] if filled else arrays[0][:0])
        yield from batches.handed_on()
    finally:
        batches.abandon()


class _Batches:
    """Run batches, each begun before what came of the last one is handed on."""

    def __init__(self, engine: Engine, size: int) -> None:
        self._engine = engine
        self._warm = {size}
        self._running: tuple[list, int, Callable[[], Run] | None] = ([], 0, None)
        self._ended = 0.0

    def following(
        self, waiting: list[tuple[Item, bool]], frames: np.ndarray
    ) -> Iterator[tuple[Item, BatchRun | None]]:
        """Begin a batch; yield the items of the one before it."""
        count = len(frames)
        if count != self._running[1]:
            # An engine may run batches of two sizes side by side, and end the later one first.
            yield from self.handed_on()
        if count and count not in self._warm:
            # Outside the time that an engine takes for a size's first run.
            warm_up(self._engine, [count])
            self._warm.add(count)
        begun = self._engine.start(frames) if count else None
        before, self._running = self._running, (waiting, count, begun)
        yield from self._made(*before)

    def handed_on(self) -> Iterator[tuple[Item, BatchRun | None]]:
        """Yield the items of the batch that runs."""
        before, self._running = self._running, ([], 0, None)
        yield from self._made(*before)

    def abandon(self) -> None:
        """Wait for the batch that runs: it reads its frames."""
        *_, finish = self._running
        if finish is not None:
            with suppress(EngineError):
                finish()

    def _made(
        self, waiting: list[tuple[Item, bool]], count: int, finish: Callable[[], Run] | None
    ) -> Iterator[tuple[Item, BatchRun | None]]:
        arrays, infer_ms, number = (), 0.0, 0
        if finish is not None:
            run = finish()
            # Before the last batch had ended, this one waited.
            infer_ms = (run.ended - max(run.began, self._ended)) * 1e3
            self._ended, result = run.ended, run.result
            arrays = (result.labels, result.road_probability, result.confidence)
        made: list[tuple[Item, BatchRun | None]] = []
        for item, has_frame in waiting:
            own_run = None
            if has_frame:
                # The engine's arrays are its own again when the batch after the next begins.
                own = [None if a is None else a[number : number + 1].copy() for a in arrays]
                own_run = BatchRun(Segmentation(*own), infer_ms, count)
                number += 1
            made.append((item, own_run))
        yield from made
