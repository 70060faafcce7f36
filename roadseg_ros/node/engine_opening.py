"""Open, warm up and time the node's engine; open one with more outputs while it works."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from roadseg_core.engines import Engine, open_engine, warm_up
from roadseg_core.engines.base import Progress
from roadseg_core.engines.rate import EngineRate
from roadseg_core.machine import name_thread
from roadseg_core.model_file import ModelFile
from roadseg_ros.node.parameters import NodeSettings

Model = ModelFile | Path
"""A model file that was read, or the path of a training checkpoint."""


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
    model: Model,
    settings: NodeSettings,
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
    except BaseException:
        engine.close()
        raise
    return WarmEngine(engine, batch, EngineRate(most / seconds, most))


class Widening:
    """
    Open an engine with more outputs in a thread of its own, while the one there works on.

    Somebody who starts to look at an output must not stop those who drive by the others.

    :param open_with: opens an engine with the outputs
    """

    def __init__(self, open_with: Callable[[tuple[str, ...]], WarmEngine]) -> None:
        self._open_with = open_with
        self._opening: tuple[tuple[str, ...], Future[WarmEngine]] | None = None
        self._refused: set[tuple[str, ...]] = set()

    def start(self, outputs: tuple[str, ...]) -> bool:
        """Start to open an engine; False where one opens already, or these outputs failed."""
        if self._opening is not None or outputs in self._refused:
            return False
        future: Future[WarmEngine] = Future()
        self._opening = outputs, future
        # A daemon, as an opening can take minutes, and no end of the process waits for it.
        threading.Thread(
            target=self._run, args=(outputs, future), name='engine opening', daemon=True
        ).start()
        return True

    @property
    def busy(self) -> bool:
        """Whether an engine opens."""
        return self._opening is not None

    def take(self) -> WarmEngine | None:
        """
        Return the engine once it is open; None while there is none.

        :raises Exception: once, whatever kept it from opening; it is not tried again
        """
        if self._opening is None or not self._opening[1].done():
            return None
        (outputs, future), self._opening = self._opening, None
        if future.exception() is not None:
            self.refuse(outputs)
        return future.result()

    def refuse(self, outputs: tuple[str, ...]) -> None:
        """Open no engine with these outputs any more."""
        self._refused.add(outputs)

    def close(self) -> None:
        """Leave what is opening to itself: it is closed as soon as it is open."""
        if self._opening is not None:
            self._opening[1].add_done_callback(_close)
            self._opening = None

    def _run(self, outputs: tuple[str, ...], future: Future[WarmEngine]) -> None:
        name_thread('inference')
        try:
            future.set_result(self._open_with(outputs))
        except Exception as error:
            future.set_exception(error)


def _close(future: Future[WarmEngine]) -> None:
    if future.exception() is None:
        future.result().engine.close()
