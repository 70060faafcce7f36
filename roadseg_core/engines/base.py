"""The protocol of an engine: a loaded model that segments batches of frames."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from roadseg_core.files import written_by_others
from roadseg_core.model_file import OUTPUTS, ModelInfo
from roadseg_core.pipeline.segmentation import Segmentation

Progress = Callable[[str, 'float | None'], bool]
"""
Told what goes on while an engine opens, and the share of it that is done (None: unknown).

It may be called in any thread. Its return value says whether to go on: False gives up the
opening.
"""


class EngineError(RuntimeError):
    """An engine that cannot be opened or fails to infer; the message says why."""


class OpeningStopped(EngineError):  # noqa: N818 - nothing went wrong: the caller wanted it
    """An engine whose opening was given up because the caller's :data:`Progress` said so."""


def check_cache(path: Path) -> None:
    """
    Refuse a folder or file of compiled models that others can write: they are programs.

    :raises EngineError: naming who can
    """
    others = written_by_others(path)
    if others:
        raise EngineError(
            f'{path} can be written by {others}, and what it holds is run; expected one that '
            f'only its user can write: chmod go-w {path}, or set cache_dir to another'
        )


@dataclass(frozen=True)
class EngineDescription:
    """Say what runs where; ``threads`` is 0 where the notion has no meaning."""

    backend: str
    device: str
    precision: str
    threads: int
    version: str


@dataclass(frozen=True)
class EngineOptions:
    """
    Say how an engine is to run a model.

    :param outputs: what :meth:`Engine.infer` returns: labels, road_probability, confidence
    :param device: the backend's name of a device, or ``auto``
    :param precision: ``auto``, fp32, bf16, fp16 or int8, as the backend and the file can
    :param threads: threads of inference on a CPU; 0 lets the engine choose
    :param pinning: whether OpenVINO's threads stay on their cores
    :param cache_dir: folder for compiled models; None: OpenVINO keeps none, TensorRT keeps its
        plans in the user's cache folder
    :param allow_build: whether TensorRT may build a plan, which takes minutes
    :param progress: told how the opening goes; it can give it up
    """

    outputs: Sequence[str] = ('labels',)
    device: str = 'auto'
    precision: str = 'auto'
    threads: int = 0
    pinning: bool = False
    cache_dir: str | Path | None = None
    allow_build: bool = True
    progress: Progress | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, 'outputs', tuple(self.outputs))
        object.__setattr__(self, 'cache_dir', Path(self.cache_dir) if self.cache_dir else None)


@dataclass(frozen=True)
class Run:
    """
    Hold what an engine says of a batch, and when it worked on it.

    :param result: the asked outputs
    :param began: when the batch was given to the engine, in seconds of ``time.perf_counter``;
        the engine may then have been at work on the one before
    :param ended: when it was done
    """

    result: Segmentation
    began: float
    ended: float


class Engine(ABC):
    """
    Run one model. One thread at a time may use an engine, whichever opened it.

    Each engine is made from a model and its :class:`EngineOptions`.

    :param info: what the model file holds
    :param outputs: the outputs that :meth:`infer` returns
    :ivar description: what runs where
    :raises EngineError: if the model lacks an output that was asked for
    """

    description: EngineDescription

    def __init__(self, info: ModelInfo, outputs: tuple[str, ...]) -> None:
        unknown = [name for name in outputs if name not in OUTPUTS]
        if unknown or not outputs:
            raise EngineError(f'outputs {outputs}; expected some of {OUTPUTS}')
        missing = [name for name in outputs if name not in info.outputs]
        if missing:
            raise EngineError(
                f'{info.path} has no output {", ".join(missing)}; it has '
                f'{", ".join(info.outputs)}; export the model again'
            )
        self.info = info
        self.outputs = outputs

    def infer(self, frames: np.ndarray) -> Segmentation:
        """
        Segment a batch.

        :param frames: uint8 [n, H, W, 3], BGR, 1 <= n <= ``info.max_batch``
        :returns: the asked outputs; the arrays are the caller's until the next call
        :raises EngineError: for frames of another shape, or if the run fails
        """
        return self._infer(self._checked(frames))

    def start(self, frames: np.ndarray) -> Callable[[], Run]:
        """
        Begin a batch; the next may begin before this one has ended, so that no core is idle.

        :param frames: as :meth:`infer` takes them; they must not change before the run has ended
        :returns: waits for the end, and raises EngineError if the run failed; to be called before
            a second batch after this one begins, and before :meth:`infer`. The arrays are the
            caller's until then
        :raises EngineError: for frames of another shape, or if the run cannot begin
        """
        return self._start(self._checked(frames))

    def _checked(self, frames: np.ndarray) -> np.ndarray:
        """Return frames that the model takes, contiguous."""
        expected = (*self.info.geometry.input_size, 3)
        if (
            frames.dtype != np.uint8
            or frames.shape[1:] != expected
            or not 1 <= len(frames) <= self.info.max_batch
        ):
            raise EngineError(
                f'frames {frames.dtype} {list(frames.shape)}; expected uint8 '
                f'[1 to {self.info.max_batch}, {expected[0]}, {expected[1]}, 3]'
            )
        return np.ascontiguousarray(frames)

    def _start(self, frames: np.ndarray) -> Callable[[], Run]:
        """Begin a batch whose shape was checked; a backend that cannot does it when waited for."""

        def finish() -> Run:
            began = time.perf_counter()
            result = self._infer(frames)
            return Run(result, began, time.perf_counter())

        return finish

    @abstractmethod
    def _infer(self, frames: np.ndarray) -> Segmentation:
        """Segment a batch whose shape was checked."""

    @abstractmethod
    def close(self) -> None:
        """Give back what the engine holds; a second call does nothing."""
