"""From a bag's messages to segmented frames: the node's own path, without DDS and the clock."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain

import numpy as np

from roadseg_core.bags.images import decode, read_stamp
from roadseg_core.bags.records import BagMessage
from roadseg_core.engines import Engine, EngineError, open_engine, segment_in_batches, warm_up
from roadseg_core.engines.running import BatchRun
from roadseg_core.evaluation.drives.cameras import Camera
from roadseg_core.evaluation.drives.measures import Pair
from roadseg_core.evaluation.drives.stages import mapped, read_ahead
from roadseg_core.evaluation.settings.config import EvaluationConfig
from roadseg_core.evaluation.settings.values import EvaluationError
from roadseg_core.files import default_model
from roadseg_core.geometry import Geometry
from roadseg_core.model_file import ModelFileError
from roadseg_core.pipeline.conversion import ConversionError
from roadseg_core.pipeline.decoding import Fallback
from roadseg_core.pipeline.frame import Frame, engine_outputs

DECODERS = 2
"""Threads that decode, at most; one for two cores, which the engine needs. Results keep order."""

GROUP = 4
"""Messages handed from stage to stage at once: each hand-over wakes threads."""

AHEAD = 2
"""Groups read, and decoded, ahead of the engine: with more, frames leave the caches."""


@dataclass
class Work:
    """
    Follow one message through the stages.

    :param camera: the camera whose frame it is; None for a message that only passes through
    :param index: number among the camera's recorded frames
    :param stamp_ns: the header's stamp, or the time of recording where a driver set none
    :param frame: None for a frame that could not be decoded; ``error`` says why
    :param run: what the engine says of the frame; None without one
    :param pair: the frame and its neighbour, until they have been compared
    """

    message: BagMessage
    camera: Camera | None = None
    index: int = 0
    stamp_ns: int = 0
    frame: Frame | None = None
    error: str = ''
    decode_ms: float = 0.0
    run: BatchRun | None = None
    pair: Pair | None = None


def open_model(config: EvaluationConfig) -> Engine:
    """
    Open the engine of an evaluation, in the thread that will use it, and warm it up.

    :raises EvaluationError: if it cannot be opened
    """
    wanted = ('confidence',) if config.outputs.confidence else ()
    try:
        engine = open_engine(
            config.model or default_model(),
            backend=config.engine.backend,
            device=config.engine.device,
            precision=config.engine.precision,
            threads=config.engine.threads,
            cache_dir=config.cache_dir or None,
            outputs=engine_outputs(wanted, road_threshold=config.road_threshold),
        )
    except (EngineError, ModelFileError) as error:
        raise EvaluationError(str(error)) from error
    if config.engine.batch > engine.info.max_batch:
        limit = engine.info.max_batch
        engine.close()
        raise EvaluationError(f'batch {config.engine.batch}; the model takes at most {limit}')
    try:
        warm_up(engine, [config.engine.batch or engine.info.max_batch])
    except EngineError as error:
        engine.close()
        raise EvaluationError(f'the engine failed: {error}') from error
    return engine


def segmented(
    works: Iterator[Work], engine: Engine, *, batch: int, fallback: Fallback | None = None
) -> Iterator[Work]:
    """
    Yield every work in its order, those with a camera segmented.

    Reading and decoding go on meanwhile, in threads of their own; the engine runs in this one.

    :param works: a generator, run by a thread of its own
    :param engine: from :func:`open_model`: warm for batches of this size
    :param batch: frames in a batch; 0 for as many as the model takes
    :param fallback: converts raw encodings that the pipeline does not know
    """
    geometry = engine.info.geometry
    # Closed here, whatever fails: the bag must not be closed under threads that read it.
    with closing(
        mapped(
            lambda group: [_decoded(work, geometry, fallback) for work in group],
            read_ahead(works, GROUP, ahead=AHEAD),
            workers=min(DECODERS, max(1, len(os.sched_getaffinity(0)) // 2)),
            ahead=AHEAD,
        )
    ) as decoded:
        size = batch or engine.info.max_batch
        waiting = chain.from_iterable(decoded)
        try:
            for work, run in segment_in_batches(
                waiting, engine, size, frame=lambda work: work.frame
            ):
                work.run = run
                yield work
        except EngineError as error:
            raise EvaluationError(f'the engine failed: {error}') from error


def _decoded(work: Work, geometry: Geometry, fallback: Fallback | None) -> Work:
    if work.camera is None:
        return work
    started = time.perf_counter()
    try:
        if not work.message.error:
            work.stamp_ns = read_stamp(work.message.data)
        work.stamp_ns = work.stamp_ns or work.message.time_ns
        image = decode(work.message, work.camera.type, fallback)
        out = np.empty((*geometry.input_size, 3), np.uint8)
        work.frame = Frame.placed(image, geometry, out)
    except ConversionError as error:
        work.stamp_ns = work.stamp_ns or work.message.time_ns
        work.error = str(error)
    work.decode_ms = (time.perf_counter() - started) * 1e3
    return work
