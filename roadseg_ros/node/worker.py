"""The worker: the one thread that waits for batches, and runs them through its engine."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace

from rclpy.clock import Clock
from rclpy.impl.rcutils_logger import RcutilsLogger
from sensor_msgs.msg import CompressedImage, Image

from roadseg_core.engines import Engine, EngineDescription, EngineError, OpeningStopped
from roadseg_core.engines.rate import EngineRate
from roadseg_core.model_file import ModelFileError, ModelInfo
from roadseg_core.pipeline.frame import engine_outputs
from roadseg_core.pipeline.scheduler import Outcome, Rule, Scheduler, Ticket
from roadseg_ros.node.batch_runner import BatchRunner
from roadseg_ros.node.camera import CameraPublishers
from roadseg_ros.node.engine_opening import WarmEngine, Widening, open_warm
from roadseg_ros.node.parameters import Settings

BUILDING, READY, FAILED, STOPPED = 'BUILDING', 'READY', 'FAILED', 'STOPPED'


@dataclass(frozen=True)
class EngineStatus:
    """
    Say where the engine stands.

    :param since: steady seconds of the change to this state
    :param worked: how long it was READY before it FAILED, in seconds
    :param error: why it failed
    :param progress: what goes on while it is BUILDING, where the engine tells
    """

    state: str
    since: float
    error: str = ''
    progress: str = ''
    worked: float = 0.0


class Worker:
    """
    Segment the cameras' newest frames, from :meth:`start` to :meth:`stop`.

    :param settings: the node's parameters; :meth:`update` takes live changes
    :param publishers: where each camera's outputs go
    :param clock: the node's clock, for ``max_stamp_age``
    :param on_ready: called in the worker's thread with the engine, whenever it was opened
    :param on_failure: called in the worker's thread when it ended by a failure
    """

    def __init__(
        self,
        settings: Settings,
        publishers: dict[str, CameraPublishers],
        *,
        model: str,
        clock: Clock,
        logger: RcutilsLogger,
        on_ready: Callable[[Engine], None],
        on_failure: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._publishers = publishers
        self._model = model
        self._logger = logger
        self._on_ready = on_ready
        self._on_failure = on_failure
        self._scheduler: Scheduler[Image | CompressedImage] = Scheduler(publishers, _rule(settings))
        self._changed = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._unsettled: list[Ticket] = []
        self._warm: WarmEngine | None = None
        self._widening: Widening | None = None
        self.status = EngineStatus(STOPPED, time.monotonic())
        self.opened: tuple[EngineDescription, ModelInfo] | None = None
        self.rate: EngineRate | None = None
        self.runner = BatchRunner(publishers, clock=clock, logger=logger, settle=self._settle)

    def start(self) -> None:
        """Start the thread, which opens the engine and then works."""
        self._stopping = False
        self.status = EngineStatus(BUILDING, time.monotonic())
        self._thread = threading.Thread(target=self._run, name='segmentation worker')
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread after the batch in hand; frames that wait count as not ready."""
        if self._thread is None:
            return
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()
        self._thread = None
        with self._changed:
            self._scheduler.clear(Outcome.NOT_READY)

    def update(self, settings: Settings) -> None:
        """Take parameters that were changed live."""
        with self._changed:
            self._settings = settings
            max_batch = self._scheduler.rule.max_batch
            self._scheduler.rule = _rule(settings, max_batch)
            self._changed.notify()

    def put(self, camera: str, message: Image | CompressedImage) -> None:
        """Receive a frame: called by the executor's thread, returns at once."""
        now = time.monotonic()
        with self._changed:
            if self.status.state == READY and not self._stopping:
                self._scheduler.put(camera, message, now)
                self._changed.notify()
            else:
                self._scheduler.refuse(camera, Outcome.NOT_READY)

    def accounts(self) -> dict[str, dict[str, int]]:
        """Return every camera's counts, all of one moment."""
        with self._changed:
            return self._scheduler.accounts()

    def rate_compared(self) -> tuple[bool, str]:
        """Tell whether the engine's rate covers the cameras at fps, once it is measured."""
        if self.rate is None:
            return True, 'not measured yet'
        need = len(self._publishers), self._settings.fps
        return self.rate.covers(*need), self.rate.compared(*need)

    def _run(self) -> None:
        try:
            self._work()
        except OpeningStopped:
            self._set_status(STOPPED)
        except (EngineError, ModelFileError) as error:
            self._fail(str(error))
        except Exception:
            # Whatever went wrong: a node without its worker must not look alive.
            self._fail(traceback.format_exc())
        else:
            self._set_status(STOPPED)
        finally:
            # An opening that goes on beside gives up, too.
            with self._changed:
                self._stopping = True
            if self._widening is not None:
                self._widening.close()
                self._widening = None
            if self._warm is not None:
                self._warm.engine.close()
                self._warm = None

    def _work(self) -> None:
        self._adopt(self._open(self._needed_outputs(frozenset())))
        self._widening = Widening(self._open)
        while (tickets := self._next_batch()) is not None:
            wanted = {t.camera: self._publishers[t.camera].wanted() for t in tickets}
            self._widen(self._needed_outputs(frozenset().union(*wanted.values())))
            self._unsettled = tickets
            try:
                self.runner.run(tickets, self._warm, self._settings, wanted)
            finally:
                # Only a failure leaves any.
                for ticket in self._unsettled:
                    self._settle(ticket, Outcome.FAILED)

    def _needed_outputs(self, wanted: frozenset[str]) -> tuple[str, ...]:
        """Return what the engine must compute; what it once had to, it goes on to compute."""
        held = self._warm.engine.outputs if self._warm is not None else ()
        needed = wanted | {'confidence'} if 'confidence' in held else wanted
        return engine_outputs(needed, road_threshold=self._settings.road_threshold)

    def _open(self, outputs: tuple[str, ...]) -> WarmEngine:
        return open_warm(
            self._model,
            self._settings,
            outputs=outputs,
            cameras=len(self._publishers),
            progress=self._on_progress,
        )

    def _adopt(self, warm: WarmEngine) -> None:
        """Take the first engine: from now on frames are processed."""
        self._warm = warm
        engine = warm.engine
        what, self.rate = engine.description, warm.rate
        self.opened = (what, engine.info)
        with self._changed:
            self._scheduler.rule = _rule(self._settings, engine.info.max_batch)
        self._on_ready(engine)
        self._logger.info(
            f'engine ready after {time.monotonic() - self.status.since:.1f} s: {what.backend} '
            f'{what.version} on {what.device} in {what.precision}, {what.threads} threads'
        )
        enough, compared = self.rate_compared()
        # rclpy allows a line of code one severity.
        if enough:
            self._logger.info(compared)
        else:
            self._logger.warning(compared)
        self._set_status(READY)

    def _widen(self, outputs: tuple[str, ...]) -> None:
        """Have the engine compute these outputs, too, as soon as that can be."""
        more = set(outputs) - set(self._warm.engine.outputs)
        if not more:
            return
        what = ' and '.join(sorted(more))
        try:
            if self._widening.start(outputs):
                self._logger.info(f'opening the engine with {what} beside the one at work')
            wider = self._widening.take()
        except (EngineError, ModelFileError) as error:
            self._logger.error(f'no {what}: {error}')
            return
        if wider is not None:
            self._warm.engine.close()
            self._warm = wider
            self._logger.info(f'the engine computes {what}')

    def _on_progress(self, phase: str, share: float | None) -> bool:
        """Keep what the opening of the engine says; a node that stops gives it up."""
        told = phase if share is None else f'{100.0 * share:.0f} %, {phase}'
        with self._changed:
            self.status = replace(self.status, progress=told)
            return not self._stopping

    def _next_batch(self) -> list[Ticket] | None:
        """Wait for the next batch; None when the worker is to stop."""
        with self._changed:
            while not self._stopping:
                now = time.monotonic()
                tickets, again_at = self._scheduler.take(now)
                if tickets:
                    return tickets
                self._changed.wait(None if again_at is None else max(0.0, again_at - now))
            return None

    def _settle(self, ticket: Ticket, outcome: Outcome) -> None:
        with self._changed:
            self._scheduler.settle(ticket.camera, outcome)
        self._unsettled = [other for other in self._unsettled if other is not ticket]

    def _set_status(self, state: str) -> None:
        with self._changed:
            self.status = EngineStatus(state, time.monotonic())

    def _fail(self, error: str) -> None:
        now = time.monotonic()
        with self._changed:
            worked = now - self.status.since if self.status.state == READY else 0.0
            self.status = EngineStatus(FAILED, now, error, worked=worked)
        self._on_failure()


def _rule(settings: Settings, max_batch: int = 4) -> Rule:
    return Rule(
        fps=settings.fps,
        batch_wait=settings.batch_wait,
        camera_timeout=settings.camera_timeout,
        max_frame_age=settings.max_frame_age,
        max_batch=max_batch,
    )
