"""One batch: from messages to the engine, and from its outputs to messages."""

from __future__ import annotations

import time
from collections.abc import Callable

from rclpy.clock import Clock
from rclpy.impl.rcutils_logger import RcutilsLogger
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from roadseg_core.pipeline.conversion import ConversionError
from roadseg_core.pipeline.decoding import compressed_to_bgr, image_to_bgr
from roadseg_core.pipeline.frame import Frame
from roadseg_core.pipeline.scheduler import Outcome, Ticket
from roadseg_ros.cv_bridge_fallback import through_cv_bridge
from roadseg_ros.node.camera import CameraPublishers
from roadseg_ros.node.engine_opening import WarmEngine
from roadseg_ros.node.parameters import Settings
from roadseg_ros.node.publication import FramePublisher
from roadseg_ros.node.statistics import CameraFigures, InferenceFigures


class BatchRunner:
    """
    Convert, segment and publish the frames of a batch.

    :param publishers: where each camera's outputs go
    :param inference: told of every run of the engine
    :param figures: of each camera; told of every frame
    :param clock: the node's clock, for ``max_stamp_age``
    """

    def __init__(
        self,
        publishers: dict[str, CameraPublishers],
        inference: InferenceFigures,
        figures: dict[str, CameraFigures],
        *,
        clock: Clock,
        logger: RcutilsLogger,
    ) -> None:
        self._publishers = publishers
        self._inference = inference
        self._figures = figures
        self._clock = clock
        self._logger = logger
        self._last_warning: dict[str, float] = {}
        self._last_stamps: dict[str, int] = {}
        self.infos: dict[str, CameraInfo] = {}

    def run(
        self,
        tickets: list[Ticket[Image | CompressedImage]],
        warm: WarmEngine,
        settings: Settings,
        wanted: dict[str, frozenset[str]],
        settle: Callable[[Ticket, Outcome], None],
        at: Callable[[str], None],
    ) -> None:
        """
        Segment a batch and publish what is wanted of it, as far as the engine computes it.

        :param wanted: each camera's outputs that somebody subscribes to
        :param settle: told what became of each frame
        :param at: told of each thing that is begun
        :raises EngineError: if the engine fails; frames not yet settled are the caller's
        """
        if 'confidence' not in warm.engine.outputs:
            wanted = {camera: outputs - {'confidence'} for camera, outputs in wanted.items()}
        frames = []
        for ticket in tickets:
            at(f'converting a frame of {ticket.camera}')
            if self._has_wrong_stamp(ticket, settings.max_stamp_age):
                settle(ticket, Outcome.STALE)
                continue
            frame = self._convert(ticket, len(frames), warm, settings)
            if frame is None:
                settle(ticket, Outcome.BAD)
            else:
                frames.append((ticket, frame))
        if not frames:
            return
        at('inference')
        started = time.monotonic()
        result = warm.engine.infer(warm.batch[: len(frames)])
        self._inference.add(len(frames), time.monotonic() - started)
        for index, (ticket, frame) in enumerate(frames):
            at(f'publishing for {ticket.camera}')
            # Once more: a planner must not take a mask for new because inference was slow.
            if 0.0 < settings.max_frame_age < time.monotonic() - ticket.arrival:
                settle(ticket, Outcome.STALE)
                continue
            figures = self._figures[ticket.camera]
            problems = frame.publish(
                result, index, wanted[ticket.camera], self.infos.get(ticket.camera)
            )
            for problem in problems:
                self._warn(ticket.camera, problem)
            if problems:
                figures.incomplete += 1
            figures.latencies.add(time.monotonic() - ticket.arrival)
            settle(ticket, Outcome.PROCESSED)

    def _has_wrong_stamp(self, ticket: Ticket, max_age: float) -> bool:
        """Tell whether a stamp is too old, as far ahead, or that of the frame before."""
        stamp = ticket.frame.header.stamp
        # By integers: a stamp can be anything, and a ROS time cannot be negative.
        nanoseconds = stamp.sec * 10**9 + stamp.nanosec
        age = (self._clock.now().nanoseconds - nanoseconds) * 1e-9
        self._figures[ticket.camera].stamp_age = age
        before = self._last_stamps.get(ticket.camera)
        self._last_stamps[ticket.camera] = nanoseconds
        return max_age > 0.0 and (abs(age) > max_age or nanoseconds == before)

    def _convert(
        self,
        ticket: Ticket,
        index: int,
        warm: WarmEngine,
        settings: Settings,
    ) -> FramePublisher | None:
        """Bring a frame into the batch; None for one that was dropped."""
        message, info = ticket.frame, warm.engine.info
        try:
            if isinstance(message, Image):
                image, encoding = image_to_bgr(message, through_cv_bridge), message.encoding
            else:
                image, encoding = compressed_to_bgr(message, settings.max_pixels), message.format
            frame = Frame.placed(image, info.geometry, warm.batch[index])
        except Exception as error:
            # Whatever a frame holds, it costs its camera this frame, and never the node.
            said = str(error) if isinstance(error, ConversionError) else repr(error)
            self._warn(ticket.camera, f'frame dropped: {said}')
            return None
        self._figures[ticket.camera].format = (*image.shape[:2], encoding)
        return FramePublisher(
            publishers=self._publishers[ticket.camera],
            header=message.header,
            frame=frame,
            label_map=info.label_map,
            settings=settings,
        )

    def _warn(self, camera: str, text: str) -> None:
        """Keep and log what is wrong with a camera, at most once a second."""
        self._figures[camera].last_error = text
        now = time.monotonic()
        if now - self._last_warning.get(camera, -1.0) >= 1.0:
            self._last_warning[camera] = now
            self._logger.warning(f'camera {camera}: {text}')
