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
from roadseg_ros.node.statistics import Latencies


class BatchRunner:
    """
    Convert, segment and publish the frames of a batch, and keep the figures of it.

    :param publishers: where each camera's outputs go
    :param clock: the node's clock, for ``max_stamp_age``
    :param settle: told what became of each frame
    """

    def __init__(
        self,
        publishers: dict[str, CameraPublishers],
        *,
        clock: Clock,
        logger: RcutilsLogger,
        settle: Callable[[Ticket, Outcome], None],
    ) -> None:
        self._publishers = publishers
        self._clock = clock
        self._logger = logger
        self._settle = settle
        self._last_warning: dict[str, float] = {}
        self.infos: dict[str, CameraInfo] = {}
        self.inference = Latencies()
        self.latencies = {camera: Latencies() for camera in publishers}
        self.last_errors = dict.fromkeys(publishers, '')
        self.formats: dict[str, tuple[int, int, str]] = {}
        self.batches = 0
        self.frames = 0

    def run(
        self,
        tickets: list[Ticket[Image | CompressedImage]],
        warm: WarmEngine,
        settings: Settings,
        wanted: dict[str, frozenset[str]],
    ) -> None:
        """
        Segment a batch and publish what is wanted of it, as far as the engine computes it.

        :param wanted: each camera's outputs that somebody subscribes to
        :raises EngineError: if the engine fails; frames not yet settled are the caller's
        """
        if 'confidence' not in warm.engine.outputs:
            wanted = {camera: outputs - {'confidence'} for camera, outputs in wanted.items()}
        frames = []
        for ticket in tickets:
            frame = self._convert(ticket, len(frames), warm, settings)
            if frame is not None:
                frames.append((ticket, frame))
        if not frames:
            return
        started = time.monotonic()
        result = warm.engine.infer(warm.batch[: len(frames)])
        self.inference.add(time.monotonic() - started)
        self.batches += 1
        self.frames += len(frames)
        for index, (ticket, frame) in enumerate(frames):
            problem = frame.publish(
                result, index, wanted[ticket.camera], self.infos.get(ticket.camera)
            )
            if problem:
                self._warn(ticket.camera, problem)
            self.latencies[ticket.camera].add(time.monotonic() - ticket.arrival)
            self._settle(ticket, Outcome.PROCESSED)

    def _convert(
        self,
        ticket: Ticket,
        index: int,
        warm: WarmEngine,
        settings: Settings,
    ) -> FramePublisher | None:
        """Bring a frame into the batch; None for one that was dropped."""
        message, info = ticket.frame, warm.engine.info
        if settings.max_stamp_age > 0.0:
            stamp = message.header.stamp
            # By integers: a stamp can be anything, and a ROS time cannot be negative.
            age = self._clock.now().nanoseconds - (stamp.sec * 10**9 + stamp.nanosec)
            if age * 1e-9 > settings.max_stamp_age:
                self._settle(ticket, Outcome.STALE)
                return None
        try:
            if isinstance(message, Image):
                image, encoding = image_to_bgr(message, through_cv_bridge), message.encoding
            else:
                image, encoding = compressed_to_bgr(message), message.format
            frame = Frame.placed(image, info.geometry, warm.batch[index])
        except Exception as error:
            # Whatever a frame holds, it costs its camera this frame, and never the node.
            said = str(error) if isinstance(error, ConversionError) else repr(error)
            self._settle(ticket, Outcome.BAD)
            self._warn(ticket.camera, f'frame dropped: {said}')
            return None
        self.formats[ticket.camera] = (*image.shape[:2], encoding)
        return FramePublisher(
            publishers=self._publishers[ticket.camera],
            header=message.header,
            frame=frame,
            label_map=info.label_map,
            settings=settings,
        )

    def _warn(self, camera: str, text: str) -> None:
        """Keep and log what is wrong with a camera, at most once a second."""
        self.last_errors[camera] = text
        now = time.monotonic()
        if now - self._last_warning.get(camera, -1.0) >= 1.0:
            self._last_warning[camera] = now
            self._logger.warning(f'camera {camera}: {text}')
