"""Run one batch: from messages to the engine, and from its outputs to messages."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from functools import partial

import numpy as np
from builtin_interfaces.msg import Time
from rclpy.clock import Clock
from rclpy.impl.rcutils_logger import RcutilsLogger
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from roadseg_core.bags.images import (
    CompressedImage,
    RawImage,
    parse_compressed,
    parse_raw,
    stamp_fields,
)
from roadseg_core.engines.statistics import CameraFigures, InferenceFigures
from roadseg_core.pipeline.compressed import check_file
from roadseg_core.pipeline.conversion import ConversionError
from roadseg_core.pipeline.decoding import image_to_bgr
from roadseg_core.pipeline.frame import Frame, FrameImages
from roadseg_core.pipeline.scheduler import Outcome, Ticket
from roadseg_ros.cv_bridge_fallback import through_cv_bridge
from roadseg_ros.node.camera import OutputPublishers
from roadseg_ros.node.engine_opening import WarmEngine
from roadseg_ros.node.ground import GroundPublisher
from roadseg_ros.node.health import HealthTopic
from roadseg_ros.node.parameters import NodeSettings
from roadseg_ros.node.publication import MASKS, OVERLAYS, FramePublisher


class BatchRunner:
    """
    Convert, segment and publish the frames of a batch.

    :param publishers: where each camera's outputs go
    :param compressed: cameras whose images are ``sensor_msgs/CompressedImage``
    :param infos: the newest CameraInfo of each camera that sends any
    :param inference: told of every run of the engine
    :param figures: of each camera; told of every frame
    :param ground: takes the frames that somebody asks ground grids of
    :param health: judges each camera
    :param clock: the node's clock, for ``max_stamp_age``
    """

    def __init__(
        self,
        publishers: dict[str, OutputPublishers],
        compressed: Collection[str],
        infos: Mapping[str, CameraInfo],
        inference: InferenceFigures,
        figures: dict[str, CameraFigures],
        ground: GroundPublisher,
        health: dict[str, HealthTopic],
        *,
        clock: Clock,
        logger: RcutilsLogger,
    ) -> None:
        self._publishers = publishers
        self._compressed = compressed
        self._infos = infos
        self._inference = inference
        self._figures = figures
        self._ground = ground
        self._health = health
        self._clock = clock
        self._logger = logger
        self._last_warning: dict[str, float] = {}
        self._last_stamps: dict[str, int] = {}

    def run(
        self,
        tickets: list[Ticket[np.ndarray]],
        warm: WarmEngine,
        settings: NodeSettings,
        wanted: dict[str, frozenset[str]],
        settle: Callable[[Ticket, Outcome], None],
        at: Callable[[str, str], None],
    ) -> None:
        """
        Segment a batch and publish what is wanted of it, as far as the engine computes it.

        :param wanted: each camera's outputs that somebody subscribes to, ``ground`` one of them
        :param settle: told what became of each frame
        :param at: told of each thing that is begun, and for which camera
        :raises EngineError: if the engine fails; frames not yet settled are the caller's
        """
        if 'confidence' not in warm.engine.outputs:
            wanted = {camera: outputs - {'confidence'} for camera, outputs in wanted.items()}
        frames = []
        for ticket in tickets:
            at('converting', ticket.camera)
            image = self._read(ticket)
            if image is None:
                settle(ticket, Outcome.BAD)
                continue
            if self._has_wrong_stamp(ticket.camera, image.stamp_ns, settings.max_stamp_age):
                settle(ticket, Outcome.STALE)
                continue
            painted = settings.output_geometry == 'camera' and wanted[ticket.camera] & OVERLAYS
            may_reduce = settings.reduce_jpeg and not painted
            place = warm.batch[len(frames)]
            frame = self._convert(ticket, image, warm, place, settings.max_pixels, may_reduce, at)
            if frame is None:
                settle(ticket, Outcome.BAD)
            else:
                frames.append((ticket, frame, _header(ticket, image)))
        if not frames:
            return
        at('inference', '')
        started = time.monotonic()
        result = warm.engine.infer(warm.batch[: len(frames)])
        self._inference.add(len(frames), time.monotonic() - started)
        judged, confidence, label_map = [], result.confidence, warm.engine.info.label_map
        # All are judged before the first is made: its data then stay in the processor's cache, and
        # judging takes half the time.
        for index, (ticket, frame, header) in enumerate(frames):
            at('making', ticket.camera)
            health = self._health[ticket.camera].look(
                frame.seen,
                frame.view.inside(result.labels[index]),
                confidence if confidence is None else frame.view.inside(confidence[index]),
                ticket.arrival,
                label_map,
                settings.health,
            )
            judged.append((index, ticket, frame, header, health))
        seen, projected, options = [], [], settings.output_options
        for index, ticket, frame, header, health in judged:
            # Once more: a planner must not take a mask for new because inference was slow.
            if 0.0 < settings.max_frame_age < time.monotonic() - ticket.arrival:
                settle(ticket, Outcome.STALE)
                continue
            camera, wants = ticket.camera, wanted[ticket.camera]
            at('making', camera)
            topic = self._health[camera]
            withheld = settings.withhold_unusable and health.level == 'unusable'
            if withheld:
                if 'ground' in wants:
                    self._ground.leave_out(camera, 'it is unusable, and its masks are withheld')
                wants = wants - MASKS
                self._figures[camera].withheld += 1
            publisher = FramePublisher(
                publishers=self._publishers[camera],
                header=header,
                frame=frame,
                images=FrameImages(frame, result, index, label_map, options),
                info=self._infos.get(camera),
                settings=settings,
                at=partial(at, camera=camera),
            )
            lost = self._publish(camera, publisher, wants - OVERLAYS)
            self._figures[camera].latencies.add(time.monotonic() - ticket.arrival)
            topic.tell_change(time.monotonic(), None if withheld else header.stamp)
            settle(ticket, Outcome.PROCESSED)
            if 'ground' in wants:
                projected.append((ticket, header, frame, index))
            if wants & OVERLAYS:
                seen.append((camera, publisher, wants & OVERLAYS, lost))
        for ticket, header, frame, index in projected:
            at('projecting', ticket.camera)
            probability = result.road_probability
            self._ground.project(
                *(ticket.camera, header, ticket.arrival),
                info=self._infos.get(ticket.camera),
                view=frame.view,
                labels=result.labels[index],
                road_probability=None if probability is None else probability[index],
                label_map=label_map,
            )
        if projected:
            self._ground.publish(settings.grid_max_age)
        for camera, publisher, wants, lost in seen:
            self._publish(camera, publisher, wants, counted=lost)

    def _publish(
        self,
        camera: str,
        publisher: FramePublisher,
        wants: frozenset[str],
        *,
        counted: bool = False,
    ) -> bool:
        """Publish outputs of a frame; tell whether one was lost, and count the frame once."""
        problems = publisher.publish(wants)
        for problem in problems:
            self._warn(camera, problem)
        if problems and not counted:
            self._figures[camera].incomplete += 1
        return bool(problems)

    def _has_wrong_stamp(self, camera: str, stamp_ns: int, max_age: float) -> bool:
        """Tell whether a stamp is too old, as far ahead, or that of the frame before."""
        # By integers: a stamp can be anything, and a ROS time cannot be negative.
        age = (self._clock.now().nanoseconds - stamp_ns) * 1e-9
        self._figures[camera].stamp_age = age
        before = self._last_stamps.get(camera)
        self._last_stamps[camera] = stamp_ns
        return max_age > 0.0 and (abs(age) > max_age or stamp_ns == before)

    def _read(self, ticket: Ticket[np.ndarray]) -> RawImage | CompressedImage | None:
        """Read a message; None for a damaged one."""
        parse = parse_compressed if ticket.camera in self._compressed else parse_raw
        try:
            return parse(ticket.frame)
        except ConversionError as error:
            self._warn(ticket.camera, f'frame dropped: {error}')
            return None

    def _convert(
        self,
        ticket: Ticket,
        message: RawImage | CompressedImage,
        warm: WarmEngine,
        place: np.ndarray,
        max_pixels: int,
        may_reduce: bool,
        at: Callable[[str, str], None],
    ) -> Frame | None:
        """Bring a frame into its place in the batch; None for one that was dropped."""
        geometry, reduction = warm.engine.info.geometry, 1
        try:
            if isinstance(message, RawImage):
                image, encoding = image_to_bgr(message, through_cv_bridge), message.encoding
            else:
                encoding = message.format
                file = check_file(message.data, encoding, max_pixels=max_pixels)
                if may_reduce and file.is_jpeg:
                    reduction = geometry.view(file.size).reduction()
                image = file.decode(reduction)
            at('resizing', ticket.camera)
            frame = Frame.placed(image, geometry, place, reduction=reduction)
        except Exception as error:
            # Whatever a frame holds, it costs its camera this frame, and never the node.
            said = str(error) if isinstance(error, ConversionError) else repr(error)
            self._warn(ticket.camera, f'frame dropped: {said}')
            return None
        self._figures[ticket.camera].format = (*frame.view.camera_size, encoding)
        return frame

    def _warn(self, camera: str, text: str) -> None:
        """Keep and log what is wrong with a camera, at most once a second."""
        self._figures[camera].last_error = text
        now = time.monotonic()
        if now - self._last_warning.get(camera, -1.0) >= 1.0:
            self._last_warning[camera] = now
            self._logger.warning(f'camera {camera}: {text}')


def _header(ticket: Ticket[np.ndarray], image: RawImage | CompressedImage) -> Header:
    """Return the header of a message exactly as it came, even with a stamp that is no time."""
    sec, nanosec = stamp_fields(ticket.frame)
    return Header(stamp=Time(sec=sec, nanosec=nanosec), frame_id=image.frame_id)
