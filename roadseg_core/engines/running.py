"""Engines at work: warmed up, and run on one image."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable

import numpy as np

from roadseg_core.engines.base import Engine, OpeningStopped, Progress
from roadseg_core.pipeline.frame import Frame
from roadseg_core.pipeline.segmentation import Segmentation

WARM_UP_RUNS = 3
"""Runs of each batch size; the first sets up memory and kernels, or compiles."""


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
