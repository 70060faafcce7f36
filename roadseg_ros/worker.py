"""The worker: the one thread that opens the engine, converts, infers and publishes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
import statistics
import threading
import time
import traceback

import numpy as np
from rclpy.clock import Clock
from rclpy.impl.rcutils_logger import RcutilsLogger
from rclpy.time import Time
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from roadseg_core.budget.rate import EngineRate
from roadseg_core.engines import (
    Engine, EngineDescription, EngineError, open_engine, OpeningStopped)
from roadseg_core.model_file import ModelFileError, ModelInfo
from roadseg_core.pipeline.conversion import ConversionError
from roadseg_core.pipeline.frame import engine_outputs, Frame
from roadseg_core.pipeline.scheduler import Outcome, Rule, Scheduler, Ticket
from roadseg_ros.camera import CameraPublishers
from roadseg_ros.decoding import compressed_to_bgr, image_to_bgr
from roadseg_ros.parameters import Settings
from roadseg_ros.publication import FramePublisher
from roadseg_ros.statistics import Latencies

BUILDING, READY, FAILED, STOPPED = 'BUILDING', 'READY', 'FAILED', 'STOPPED'

WARM_UP_RUNS = 5
"""Runs of each batch size before the first frame; those of the largest tell the rate."""


@dataclass(frozen=True)
class EngineStatus:
    """
    Say where the engine stands.

    :param since: steady seconds of the change to this state
    :param error: why it failed
    :param progress: what goes on while it is BUILDING, where the engine tells
    """

    state: str
    since: float
    error: str = ''
    progress: str = ''


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
        self, settings: Settings, publishers: dict[str, CameraPublishers], *, model: str,
        clock: Clock, logger: RcutilsLogger, on_ready: Callable[[Engine], None],
        on_failure: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._publishers = publishers
        self._model = model
        self._clock = clock
        self._logger = logger
        self._on_ready = on_ready
        self._on_failure = on_failure
        self._scheduler: Scheduler[Image | CompressedImage] = Scheduler(
            publishers, _rule(settings))
        self._changed = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._unsettled: list[Ticket] = []
        self._last_warning: dict[str, float] = {}
        self.infos: dict[str, CameraInfo] = {}
        self.status = EngineStatus(STOPPED, time.monotonic())
        self.engine: Engine | None = None
        self.opened: tuple[EngineDescription, ModelInfo] | None = None
        self.rate: EngineRate | None = None
        self.inference = Latencies()
        self.latencies = {camera: Latencies() for camera in publishers}
        self.last_errors = dict.fromkeys(publishers, '')
        self.formats: dict[str, tuple[int, int, str]] = {}
        self.batches = 0
        self.frames = 0

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
            if self.engine is not None:
                self.engine.close()
                self.engine = None

    def _work(self) -> None:
        self._open(self._needed_outputs(frozenset()))
        while (tickets := self._next_batch()) is not None:
            wanted = {t.camera: self._publishers[t.camera].wanted() for t in tickets}
            outputs = self._needed_outputs(frozenset().union(*wanted.values()))
            self._unsettled = tickets
            try:
                if not set(outputs) <= set(self.engine.outputs):
                    # Somebody asks for what nobody asked for before.
                    self._open(outputs)
                self._process(tickets, wanted)
            finally:
                # Only a failure leaves any.
                for ticket in self._unsettled:
                    self._settle(ticket, Outcome.FAILED)

    def _needed_outputs(self, wanted: frozenset[str]) -> tuple[str, ...]:
        """Return what the engine must compute; what it once had to, it goes on to compute."""
        held = self.engine.outputs if self.engine is not None else ()
        needed = wanted | {'confidence'} if 'confidence' in held else wanted
        return engine_outputs(needed, road_threshold=self._settings.road_threshold)

    def _open(self, outputs: tuple[str, ...]) -> None:
        self._set_status(BUILDING)
        if self.engine is not None:
            self.engine.close()
        settings = self._settings
        started = time.monotonic()
        self.engine = open_engine(
            self._model, backend=settings.backend, outputs=outputs, device=settings.device,
            precision=settings.precision, threads=settings.threads,
            cache_dir=settings.cache_dir or None, allow_build=settings.allow_build,
            progress=self._on_progress)
        info = self.engine.info
        self.opened = (self.engine.description, info)
        self._batch = np.zeros((info.max_batch, *info.geometry.input_size, 3), np.uint8)
        # The first runs of each size set up memory and kernels; no frame should pay for that.
        most = min(info.max_batch, len(self._publishers))
        times = []
        for _ in range(WARM_UP_RUNS):
            for size in range(1, most + 1):
                began = time.monotonic()
                self.engine.infer(self._batch[:size])
            times.append(time.monotonic() - began)
        self.rate = EngineRate(most / statistics.median(times), most)
        with self._changed:
            self._scheduler.rule = _rule(self._settings, info.max_batch)
        self._on_ready(self.engine)
        what = self.engine.description
        self._logger.info(
            f'engine ready after {time.monotonic() - started:.1f} s: {what.backend} '
            f'{what.version} on {what.device} in {what.precision}, {what.threads} threads')
        enough, compared = self.rate_compared()
        (self._logger.info if enough else self._logger.warning)(compared)
        self._set_status(READY)

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

    def _process(self, tickets: list[Ticket], wanted: dict[str, frozenset[str]]) -> None:
        frames = []
        for ticket in tickets:
            frame = self._convert(ticket, len(frames))
            if frame is not None:
                frames.append((ticket, frame))
        if not frames:
            return
        started = time.monotonic()
        result = self.engine.infer(self._batch[:len(frames)])
        self.inference.add(time.monotonic() - started)
        self.batches += 1
        self.frames += len(frames)
        for index, (ticket, frame) in enumerate(frames):
            problem = frame.publish(
                result, index, wanted[ticket.camera], self.infos.get(ticket.camera))
            if problem:
                self._warn(ticket.camera, problem)
            self.latencies[ticket.camera].add(time.monotonic() - ticket.arrival)
            self._settle(ticket, Outcome.PROCESSED)

    def _convert(self, ticket: Ticket, index: int) -> FramePublisher | None:
        """Bring a frame into the batch; None for one that was dropped."""
        message, settings = ticket.frame, self._settings
        if settings.max_stamp_age > 0.0:
            age = (self._clock.now() - Time.from_msg(
                message.header.stamp, clock_type=self._clock.clock_type)).nanoseconds * 1e-9
            if age > settings.max_stamp_age:
                self._settle(ticket, Outcome.STALE)
                return None
        try:
            if isinstance(message, Image):
                image, encoding = image_to_bgr(message), message.encoding
            else:
                image, encoding = compressed_to_bgr(message), message.format
        except ConversionError as error:
            self._settle(ticket, Outcome.BAD)
            self._warn(ticket.camera, f'frame dropped: {error}')
            return None
        info = self.engine.info
        frame = Frame.placed(image, info.geometry, self._batch[index])
        self.formats[ticket.camera] = (*image.shape[:2], encoding)
        return FramePublisher(
            publishers=self._publishers[ticket.camera], header=message.header, frame=frame,
            label_map=info.label_map, settings=settings)

    def _settle(self, ticket: Ticket, outcome: Outcome) -> None:
        with self._changed:
            self._scheduler.settle(ticket.camera, outcome)
        self._unsettled = [other for other in self._unsettled if other is not ticket]

    def _warn(self, camera: str, text: str) -> None:
        """Keep and log what is wrong with a camera, at most once a second."""
        self.last_errors[camera] = text
        now = time.monotonic()
        if now - self._last_warning.get(camera, -1.0) >= 1.0:
            self._last_warning[camera] = now
            self._logger.warning(f'camera {camera}: {text}')

    def _set_status(self, state: str, error: str = '') -> None:
        with self._changed:
            self.status = EngineStatus(state, time.monotonic(), error)

    def _fail(self, error: str) -> None:
        self._set_status(FAILED, error)
        self._on_failure()


def _rule(settings: Settings, max_batch: int = 4) -> Rule:
    return Rule(
        fps=settings.fps, batch_wait=settings.batch_wait,
        camera_timeout=settings.camera_timeout, max_frame_age=settings.max_frame_age,
        max_batch=max_batch)
