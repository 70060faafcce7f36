"""The node's engine: opened, warmed up and timed; a wider one beside it while it works."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from roadseg_core.engines import Engine, EngineError, open_engine, warm_up
from roadseg_core.engines.base import Progress
from roadseg_core.engines.rate import EngineRate
from roadseg_core.model_file import ModelFileError
from roadseg_ros.node.parameters import Settings


@dataclass(frozen=True)
class WarmEngine:
    """
    Hold an engine that is ready for its first frame.

    :param batch: uint8 [max_batch, H, W, 3]: where the frames of a batch are put together
    :param rate: what it did in the warm-up
    """

    engine: Engine
    batch: np.ndarray
    rate: EngineRate


def open_warm(
    model: str,
    settings: Settings,
    *,
    outputs: tuple[str, ...],
    cameras: int,
    progress: Progress,
) -> WarmEngine:
    """
    Open the engine of a node and run it on empty frames, every batch size that can come.

    :param cameras: how many frames a batch can have, as far as the model allows
    :param progress: told how it goes on; its False gives the opening up
    :raises EngineError: if the engine cannot be opened, OpeningStopped if it was given up
    :raises ModelFileError: if the model file cannot be used
    """
    engine = open_engine(
        model,
        backend=settings.backend,
        outputs=outputs,
        device=settings.device,
        precision=settings.precision,
        threads=settings.threads,
        pinning=settings.pinning,
        cache_dir=settings.cache_dir or None,
        allow_build=settings.allow_build,
        progress=progress,
    )
    batch = np.zeros((engine.info.max_batch, *engine.info.geometry.input_size, 3), np.uint8)
    most = min(engine.info.max_batch, cameras)
    try:
        seconds = warm_up(engine, range(1, most + 1), progress=progress)
    except EngineError:
        engine.close()
        raise
    return WarmEngine(engine, batch, EngineRate(most / seconds, most))


class Widening:
    """
    Open an engine with more outputs in a thread of its own, while the one there is works on.

    Somebody who starts to look at an output must not stop those who drive by the others.

    :param open_with: opens an engine with the outputs
    """

    def __init__(self, open_with: Callable[[tuple[str, ...]], WarmEngine]) -> None:
        self._open_with = open_with
        self._pool = ThreadPoolExecutor(1, thread_name_prefix='engine opening')
        self._opening: tuple[tuple[str, ...], Future[WarmEngine]] | None = None
        self._refused: set[tuple[str, ...]] = set()

    def start(self, outputs: tuple[str, ...]) -> bool:
        """Start to open an engine; False where one opens already, or these outputs failed."""
        if self._opening is not None or outputs in self._refused:
            return False
        self._opening = outputs, self._pool.submit(self._open_with, outputs)
        return True

    def take(self) -> WarmEngine | None:
        """
        Return the engine once it is open; None while there is none.

        :raises EngineError: once, if it could not be opened; it is not tried again
        :raises ModelFileError: the same, because of the model file
        """
        if self._opening is None or not self._opening[1].done():
            return None
        (outputs, future), self._opening = self._opening, None
        try:
            return future.result()
        except (EngineError, ModelFileError):
            self._refused.add(outputs)
            raise

    def close(self) -> None:
        """Wait for what is opening, and close it; whoever stops must make the opening give up."""
        self._pool.shutdown()
        if self._opening is not None:
            try:
                self._opening[1].result().engine.close()
            except (EngineError, ModelFileError):
                pass  # Nobody waits for it any more.
            self._opening = None
