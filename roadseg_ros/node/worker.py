"""The worker: takes the cameras' frames, and has them segmented by its engine thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from rclpy.clock import Clock
from rclpy.impl.rcutils_logger import RcutilsLogger
from sensor_msgs.msg import CameraInfo

from roadseg_core.engines import Engine, EngineDescription
from roadseg_core.engines.rate import EngineRate
from roadseg_core.engines.statistics import CameraFigures, InferenceFigures
from roadseg_core.model_file import ModelInfo
from roadseg_core.pipeline.scheduler import BatchRule, Outcome, Scheduler, Ticket
from roadseg_ros.node.batch_runner import BatchRunner
from roadseg_ros.node.camera import OutputPublishers
from roadseg_ros.node.engine_opening import Model, WarmEngine
from roadseg_ros.node.engine_thread import EngineThread
from roadseg_ros.node.ground import GroundPublisher
from roadseg_ros.node.health import HealthTopic
from roadseg_ros.node.parameters import NodeSettings

BUILDING, READY, FAILED, STOPPED = 'BUILDING', 'READY', 'FAILED', 'STOPPED'

_SLOWER = 5.0
"""An engine is taken to hang only after this many times what a batch took in its warm-up."""

STAGES = ('waiting', 'converting', 'resizing', 'inference', 'making', 'publishing', 'projecting')
"""What happens to a frame: it waits, then the engine's thread works on it."""


@dataclass(frozen=True)
class EngineStatus:
    """
    Say where the engine stands.

    :param since: steady seconds of the change to this state
    :param worked: how long it was READY before it FAILED, in seconds
    :param error: why it failed
    :param hangs: it failed by never answering: its thread cannot be ended, only the process
    :param progress: what goes on while it is BUILDING, where the engine tells
    """

    state: str
    since: float
    error: str = ''
    progress: str = ''
    worked: float = 0.0
    hangs: bool = False


class Worker:
    """
    Segment the cameras' newest frames, from :meth:`start` to :meth:`stop`.

    All methods are for the executor's thread, :meth:`put` and :meth:`put_info` for the receiver's.
    They return at once, but for :meth:`stop`, which waits as long as it is told. The engine is
    used by a thread of its own.

    :param settings: the node's parameters; :meth:`update` takes live changes
    :param publishers: where each camera's outputs go
    :param ground: takes the frames that somebody asks ground grids of
    :param health: judges each camera
    :param clock: the node's clock, for ``max_stamp_age``
    :param after: workers whose threads must have ended before this one opens an engine
    :param on_ready: called in the engine's thread with the engine, whenever it was opened
    :param on_failure: called in the engine's thread when it ended by a failure
    """

    def __init__(
        self,
        settings: NodeSettings,
        publishers: dict[str, OutputPublishers],
        ground: GroundPublisher,
        health: dict[str, HealthTopic],
        *,
        model: Model,
        clock: Clock,
        logger: RcutilsLogger,
        after: Collection[Worker],
        on_ready: Callable[[Engine], None],
        on_failure: Callable[[], None],
    ) -> None:
        self.settings = settings
        self.model = model
        self.publishers = publishers
        self.ground = ground
        self.logger = logger
        self._on_ready = on_ready
        self._on_failure = on_failure
        self._scheduler: Scheduler[np.ndarray] = Scheduler(publishers, _rule(settings))
        self._changed = threading.Condition()
        self._threads: list[EngineThread] = [t for other in after for t in other.threads()]
        self._current: EngineThread | None = None
        self._warm_rate: EngineRate | None = None
        self.status = EngineStatus(STOPPED, time.monotonic())
        self.opened: tuple[EngineDescription, ModelInfo] | None = None
        self.inference = InferenceFigures()
        self.stages = dict.fromkeys(STAGES, 0.0)
        self.figures = {camera: CameraFigures() for camera in publishers}
        self._infos: dict[str, CameraInfo] = {}
        self._runner = BatchRunner(
            publishers,
            {camera.name for camera in settings.cameras if camera.transport == 'compressed'},
            *(self._infos, self.inference, self.figures, ground, health),
            clock=clock,
            logger=logger,
        )

    def start(self) -> None:
        """Start a thread, which opens the engine and then works."""
        self.status = EngineStatus(BUILDING, time.monotonic())
        self._current = EngineThread(self, after=self.threads())
        self._threads.append(self._current)
        self._current.start()

    def stop(self, wait: float) -> None:
        """
        Stop after the batch in hand; frames that wait count as not ready.

        :param wait: longest wait for that, in seconds; a thread that is not done by then ends by
            itself later, and closes its engine
        """
        if self._current is None:
            return
        with self._changed:
            self._current.stopping = True
            self._changed.notify_all()
        self._current.join(0.0 if self.status.hangs else wait)
        self._current = None
        with self._changed:
            self._scheduler.clear(Outcome.NOT_READY)
            if self.status.state != FAILED:
                self.status = EngineStatus(STOPPED, time.monotonic())

    def threads(self) -> list[EngineThread]:
        """Return the threads that have not ended yet, oldest first."""
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        return self._threads.copy()

    def find_hanging(self, now: float) -> bool:
        """
        Tell whether a thread has been busy with one thing for longer than its timeout at ``now``.

        Its frames then count as failed, and the status says what it was doing. Called from
        another thread than the one that may hang.
        """
        with self._changed:
            for thread in self.threads():
                what, camera, since = thread.doing
                limit = self._inference_timeout() if thread.opened else self.settings.open_timeout
                if what and limit and now - since >= limit:
                    for ticket in thread.in_hand:
                        self._scheduler.settle(ticket.camera, Outcome.FAILED)
                    thread.in_hand = []
                    what += f' for {camera}' if camera else ''
                    error = f'{what} has not returned for {limit:g} s'
                    self.status = EngineStatus(FAILED, now, error, hangs=True)
                    return True
        return False

    def update(self, settings: NodeSettings) -> None:
        """Take parameters that were changed live."""
        with self._changed:
            self.settings = settings
            self._scheduler.rule = _rule(settings, self._scheduler.rule.max_batch)
            self._changed.notify_all()

    def put(self, camera: str, message: np.ndarray) -> None:
        """
        Receive a frame.

        :param message: uint8 [length]: an image message, serialized
        """
        now = time.monotonic()
        with self._changed:
            if self.status.state == READY and self._current is not None:
                self._scheduler.put(camera, message, now)
                self._changed.notify_all()
            else:
                self._scheduler.refuse(camera, Outcome.NOT_READY, now)

    def put_info(self, camera: str, info: CameraInfo) -> None:
        """Receive a camera's CameraInfo."""
        self._infos[camera] = info

    def accounts(self) -> dict[str, dict[str, int]]:
        """Return every camera's counts, all of one moment."""
        with self._changed:
            return self._scheduler.accounts()

    def arrivals(self, camera: str) -> tuple[float | None, float]:
        """Return when a camera was last heard, and how long three of its recent intervals are."""
        with self._changed:
            return self._scheduler.arrivals(camera)

    def _inference_timeout(self) -> float:
        """Return ``inference_timeout``, or more for an engine that has always been slow."""
        timeout, rate = self.settings.inference_timeout, self._warm_rate
        if not timeout or rate is None:
            return timeout
        return max(timeout, _SLOWER * rate.batch / rate.frames_per_second)

    def rate_compared(self) -> tuple[bool, str]:
        """Tell whether the engine's present rate covers the cameras at fps."""
        rate = self.inference.rate() or self._warm_rate
        if rate is None:
            return True, 'not measured yet'
        need = len(self.publishers), self.settings.fps
        return rate.covers(*need), rate.compared(*need)

    # For the engine's thread:

    def wanted(self, camera: str) -> frozenset[str]:
        """Return a camera's outputs that somebody subscribes to, ``ground`` one of them."""
        outputs = self.publishers[camera].wanted()
        return outputs | {'ground'} if self.ground.wanted(outputs) else outputs

    def next_batch(self, thread: EngineThread) -> bool:
        """Wait for the next batch and put it into the thread's hand; False when it is to stop."""
        with self._changed:
            while not thread.stopping:
                now = time.monotonic()
                thread.in_hand, again_at = self._scheduler.take(now)
                if thread.in_hand:
                    return True
                self._changed.wait(None if again_at is None else max(0.0, again_at - now))
            return False

    def run_batch(
        self, thread: EngineThread, warm: WarmEngine, wanted: dict[str, frozenset[str]]
    ) -> None:
        """Segment the batch in the thread's hand, and publish each camera's ``wanted`` outputs."""
        now = time.monotonic()
        self.stages['waiting'] += sum(now - ticket.arrival for ticket in thread.in_hand)
        settle = partial(self.settle, thread)
        self._runner.run(thread.in_hand, warm, self.settings, wanted, settle, thread.at)

    def settle(self, thread: EngineThread, ticket: Ticket, outcome: Outcome) -> None:
        """Say what became of a frame in hand; one that was given up stays so."""
        with self._changed:
            if any(held is ticket for held in thread.in_hand):
                thread.in_hand = [held for held in thread.in_hand if held is not ticket]
                self._scheduler.settle(ticket.camera, outcome)

    def progressed(self, thread: EngineThread, phase: str, share: float | None) -> bool:
        """Keep what the opening of the engine says; False where it is to be given up."""
        told = phase if share is None else f'{100.0 * share:.0f} %, {phase}'
        with self._changed:
            if thread is self._current:
                self.status = replace(self.status, progress=told)
            return not thread.stopping

    def ready(self, thread: EngineThread, warm: WarmEngine) -> None:
        """Take a thread's engine: from now on frames are processed."""
        engine, since = warm.engine, self.status.since
        what = engine.description
        with self._changed:
            if thread.stopping:
                return
            self.opened, self._warm_rate = (what, engine.info), warm.rate
            self.inference.clear()
            self._scheduler.rule = _rule(self.settings, engine.info.max_batch)
        self._on_ready(engine)
        self.logger.info(
            f'engine ready after {time.monotonic() - since:.1f} s: {what.backend} '
            f'{what.version} on {what.device} in {what.precision}, {what.threads} threads'
        )
        enough, compared = self.rate_compared()
        # rclpy allows a line of code one severity.
        if enough:
            self.logger.info(compared)
        else:
            self.logger.warning(compared)
        with self._changed:
            if thread is self._current:
                self.status = EngineStatus(READY, time.monotonic())

    def failed(self, thread: EngineThread, error: str) -> None:
        """Take a thread's end by a failure."""
        with self._changed:
            # A thread that was told to stop may fail in any way.
            if thread is not self._current or self.status.hangs:
                return
            now = time.monotonic()
            worked = now - self.status.since if self.status.state == READY else 0.0
            self.status = EngineStatus(FAILED, now, error, worked=worked)
        self._on_failure()


def _rule(settings: NodeSettings, max_batch: int = 4) -> BatchRule:
    return BatchRule(
        fps=settings.fps,
        batch_wait=settings.batch_wait,
        camera_timeout=settings.camera_timeout,
        max_frame_age=settings.max_frame_age,
        max_batch=max_batch,
    )
