"""The lifecycle node: cameras, worker and diagnostics wired to ROS."""

from __future__ import annotations

import faulthandler
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from functools import partial, wraps
from pathlib import Path

from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.duration import Duration
from rclpy.exceptions import ParameterException
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter as RosParameter
from std_msgs.msg import String

from roadseg_core.engines import Engine, EngineError
from roadseg_core.files import default_model
from roadseg_core.model_file import ModelFileError, read_model
from roadseg_core.pipeline.run_lengths import AUTOWARE_CLASSES, autoware_ids
from roadseg_ros.dds.profile import transport_problem
from roadseg_ros.node.camera import (
    FUSED_OUTPUTS,
    LATCHED_QOS,
    OUTPUTS,
    CameraSubscriptions,
    OutputPublishers,
)
from roadseg_ros.node.diagnostics import WorkerDiagnostics, idle_status, transport_status
from roadseg_ros.node.engine_opening import Model
from roadseg_ros.node.ground import GroundPublisher
from roadseg_ros.node.health import HealthTopic
from roadseg_ros.node.label_info import create_label_info_publisher, label_info
from roadseg_ros.node.parameters import (
    PARAMETERS,
    NodeSettings,
    ParameterError,
    camera_parameters,
    check_cache_folder,
    check_camera_names,
    check_model,
    declare,
    is_live,
    read_settings,
)
from roadseg_ros.node.qos_events import ClosedGroup, handle_events
from roadseg_ros.node.receiver import Receiver
from roadseg_ros.node.tf import TfListener
from roadseg_ros.node.worker import Worker

_FORGIVEN_AFTER = 60.0
"""Seconds of work after which an engine's earlier failure no longer counts."""

_WATCH_PERIOD = 0.2
"""Seconds between two looks whether the engine's thread hangs."""

_HEALTH_PERIOD = 1.0
"""Seconds between two messages on a camera's health that says nothing new."""

_EVENTS_EVERY = 5
"""One in this many of these looks is for QoS events, too."""

_SILENCE_LIMIT = 8.0
"""Seconds without a sign of the executor after which the process ends, or more."""

_SILENCE_LIMIT_OPENING = 60.0
"""The same while an engine opens: some runtimes hold Python's lock to load what they compiled."""

_ANSWER_WITHIN = 0.5
"""Longest wait of a transition for the batch in hand, in seconds; the end waits twice as long."""

_LAST_WORDS = Duration(seconds=1.0)
"""How long the node waits at its end for its subscribers to have the closing diagnostics."""


Transition = Callable[['SegmentationNode', LifecycleState], TransitionCallbackReturn]


def _logged(transition: Transition) -> Transition:
    """Log what a transition raises: rclpy logs nothing, and calls on_error."""

    @wraps(transition)
    def guarded(node: SegmentationNode, state: LifecycleState) -> TransitionCallbackReturn:
        try:
            return transition(node, state)
        except Exception as error:
            # Most often rclpy's own, such as for a QoS override with an unknown value.
            node.get_logger().error(f'{transition.__name__}: {error}')
            node.get_logger().debug(traceback.format_exc())
            return TransitionCallbackReturn.ERROR

    return guarded


class SegmentationNode(LifecycleNode):
    """
    Wire cameras, worker and diagnostics to ROS; the worker does the work.

    :ivar exit_code: None while the node is to run on, else what the process should exit with
    """

    def __init__(self) -> None:
        super().__init__('segmentation')
        declare(self, PARAMETERS)
        self._declare_cameras(tuple(self.get_parameter('camera_names').value))
        self._settings: NodeSettings = read_settings(self)
        self.exit_code: int | None = None
        self._outputs: dict[str, OutputPublishers] = {}
        self._health: dict[str, HealthTopic] = {}
        self._ground: GroundPublisher | None = None
        self._inputs: list[CameraSubscriptions] = []
        self._receiver: Receiver | None = None
        self._worker: Worker | None = None
        self._former: list[Worker] = []
        self._events = ClosedGroup()
        self._looks = 0
        self._worker_diagnostics: WorkerDiagnostics | None = None
        self._lifecycle = 'unconfigured'
        self._failures = 0
        self._failed = self.create_guard_condition(self._on_engine_failure)
        self._label_map = self.create_publisher(String, '~/label_map', LATCHED_QOS)
        self._label_info = create_label_info_publisher(self, LATCHED_QOS)
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', 10)
        self._transport_problem = transport_problem()
        # The steady clock: diagnostics go on where simulated time stands still.
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = self.create_timer(
            self._settings.diagnostics_period, self._publish_diagnostics, clock=self._steady
        )
        self.create_timer(_WATCH_PERIOD, self._watch, clock=self._steady)
        self.create_timer(_HEALTH_PERIOD, self._repeat_health, clock=self._steady)
        self.add_on_set_parameters_callback(self._on_parameters)

    @property
    def autostart(self) -> bool:
        """Whether the node moves itself to active at start."""
        return self._settings.autostart

    @property
    def camera_names(self) -> tuple[str, ...]:
        """The cameras' names."""
        return self._settings.camera_names

    @property
    def silence_limit(self) -> float:
        """
        How long the executor may stand still, in seconds, until the process is to end; 0: for ever.

        Longer than ``inference_timeout``, which is found and told in order.
        """
        timeout = self._settings.inference_timeout
        if not timeout:
            return 0.0
        workers = [*self._former, *([self._worker] if self._worker is not None else [])]
        opens = any(thread.opens for worker in workers for thread in worker.threads())
        return max(_SILENCE_LIMIT_OPENING if opens else _SILENCE_LIMIT, timeout + 6.0)

    @_logged
    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Check the parameters and the model; create the outputs."""
        try:
            self._declare_cameras(tuple(self.get_parameter('camera_names').value))
            self._settings = settings = read_settings(self)
            model: Model = Path(settings.model or default_model())
            self._check_topics(settings)
            check_cache_folder(settings)
            if model.suffix == '.onnx':
                model = read_model(model)
                check_model(settings, model.info)
            elif not model.exists():
                raise ModelFileError(f'model: {model} does not exist; expected a model file')
        except (ParameterError, ParameterException, ModelFileError) as error:
            self.get_logger().error(f'cannot configure: {error}')
            return TransitionCallbackReturn.FAILURE
        offered = {o: kind for o, kind in OUTPUTS.items() if o != 'label_rle' or settings.label_rle}
        for name in settings.camera_names:
            self._outputs[name] = OutputPublishers(self, f'~/{name}', offered, self._events)
            self._health[name] = HealthTopic(self, name, LATCHED_QOS)
        clock, fused = self.get_clock(), OutputPublishers(self, '~', FUSED_OUTPUTS, self._events)
        self._ground = GroundPublisher(settings, self._outputs, fused, TfListener(self), clock)
        self._worker = Worker(
            settings,
            self._outputs,
            self._ground,
            self._health,
            model=model,
            clock=clock,
            logger=self.get_logger(),
            after=self._former,
            on_ready=self._on_ready,
            on_failure=self._failed.trigger,
        )
        self._worker_diagnostics = WorkerDiagnostics(
            self.get_fully_qualified_name().lstrip('/'), self._worker
        )
        self._failures = 0
        self._lifecycle = 'inactive'
        return TransitionCallbackReturn.SUCCESS

    @_logged
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Start the worker, which opens the engine, and listen to the cameras."""
        worker = self._worker
        for camera in self._settings.cameras:
            self._inputs.append(
                CameraSubscriptions(
                    self,
                    camera,
                    events=self._events,
                    on_frame=partial(worker.put, camera.name),
                    on_info=partial(worker.put_info, camera.name),
                )
            )
            self.get_logger().info(
                f'camera {camera.name}: {self.resolve_topic_name(camera.image_topic)} '
                f'({camera.transport})'
            )
        takes = {s: take for inputs in self._inputs for s, take in inputs.takes.items()}
        self._receiver = Receiver(
            takes, context=self.context, logger=self.get_logger(), on_failure=self._end
        )
        self._receiver.start()
        worker.start()
        self._lifecycle = 'active'
        return super().on_activate(state)

    @_logged
    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop listening and working; what is in hand is finished, unless it takes long."""
        self._stop()
        self._lifecycle = 'inactive'
        return super().on_deactivate(state)

    @_logged
    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Take the outputs away."""
        self._release()
        self._lifecycle = 'unconfigured'
        return TransitionCallbackReturn.SUCCESS

    @_logged
    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """End, from any state."""
        self._release()
        self._lifecycle = 'finalized'
        # There is no way back from finalized.
        self.exit_code = 0
        return TransitionCallbackReturn.SUCCESS

    @_logged
    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Give back all that a failed transition left; the node is unconfigured then."""
        self._release()
        self._lifecycle = 'unconfigured'
        return TransitionCallbackReturn.SUCCESS

    def close(self) -> None:
        """Stop the worker and say the last counts, before the process ends."""
        self._stop(2 * _ANSWER_WITHIN)
        if self._worker is not None:
            self._publish_diagnostics()
            # The process ends at once, and with it what is not delivered yet.
            self._diagnostics.wait_for_all_acked(_LAST_WORDS)
        self._release()

    def _stop(self, wait: float = _ANSWER_WITHIN) -> None:
        if self._receiver is not None and not self._receiver.stop(wait):
            # What it waits for must not be taken away from under it.
            self._inputs = []
            self._end('the receiver hangs')
        self._receiver = None
        for subscriptions in self._inputs:
            subscriptions.destroy()
        self._inputs = []
        if self._worker is not None:
            self._worker.stop(wait)

    def _release(self) -> None:
        self._stop()
        for topics in (*self._outputs.values(), *self._health.values()):
            topics.destroy()
        self._outputs, self._health = {}, {}
        if self._ground is not None:
            self._ground.close()
            self._ground = None
        if self._worker is not None and self._worker.threads():
            self._former.append(self._worker)
        self._worker = None
        self._worker_diagnostics = None

    def _check_topics(self, settings: NodeSettings) -> None:
        """Raise :class:`ParameterError` where two cameras come to one topic."""
        taken: dict[str, str] = {}
        for camera in settings.cameras:
            topic = self.resolve_topic_name(camera.image_topic)
            if taken.setdefault(topic, camera.name) != camera.name:
                raise ParameterError(
                    f'{camera.name}.image_topic: {topic} is the topic of two cameras; '
                    'give each its own'
                )

    def _declare_cameras(self, names: tuple[str, ...]) -> None:
        check_camera_names(names)
        for name in names:
            declare(self, camera_parameters(name))

    def _on_parameters(self, parameters: list[RosParameter]) -> SetParametersResult:
        changes = {parameter.name: parameter.value for parameter in parameters}
        try:
            new = read_settings(self, changes)
        except ParameterError as error:
            return SetParametersResult(successful=False, reason=str(error))
        known = {parameter.name for parameter in PARAMETERS} | {
            parameter.name
            for name in self._settings.camera_names
            for parameter in camera_parameters(name)
        }
        if self._worker is not None:
            for name in changes:
                if name in known and not is_live(name, self._settings, new):
                    return SetParametersResult(
                        successful=False,
                        reason=(
                            f'{name} changes only while the node is unconfigured; it is '
                            f'{self._lifecycle}: deactivate and clean up first'
                        ),
                    )
            # Cameras keep the topics that they were configured with.
            self._settings = replace(new, cameras=self._settings.cameras)
            self._worker.update(self._settings)
        if 'camera_names' in changes:
            # So that their topics can be set before the node is configured.
            self._declare_cameras(new.camera_names)
        self._timer.timer_period_ns = int(new.diagnostics_period * 1e9)
        return SetParametersResult(successful=True)

    def _on_ready(self, engine: Engine) -> None:
        info = engine.info
        try:
            # What a training checkpoint holds is known only now.
            check_model(self._settings, info)
        except ParameterError as error:
            raise EngineError(str(error)) from error
        self._label_map.publish(String(data=info.label_map.to_json()))
        if self._label_info is not None:
            self._label_info.publish(label_info(info.label_map, self.get_clock().now().to_msg()))
        if self._settings.label_rle:
            ids, names = autoware_ids(info.label_map), info.label_map.names
            table = (f'{n} {ids[i]} {AUTOWARE_CLASSES[ids[i]]}' for i, n in enumerate(names))
            self.get_logger().info(f'ids of label_rle: {", ".join(table)}')
        self.get_logger().info(f'model {info.path.name}: {info.card}; licence: {info.licence}')

    def _on_engine_failure(self) -> None:
        if self._lifecycle != 'active' or self._worker.status.state != 'FAILED':
            return
        status = self._worker.status
        if status.worked >= _FORGIVEN_AFTER:
            self._failures = 0
        self._failures += 1
        self._publish_diagnostics()
        self.get_logger().error(f'engine failed: {status.error}')
        if self._failures > 1 or not status.worked:
            self._end(f'the engine {"failed again" if status.worked else "cannot be opened"}')
            return
        self.get_logger().warning('reopening the engine')
        for step in (self.trigger_deactivate, self.trigger_activate):
            if step() != TransitionCallbackReturn.SUCCESS:
                self._end('the engine cannot be reopened')
                return

    def _watch(self) -> None:
        """End the process where a thread hangs: nothing else ends such a thread."""
        self._looks += 1
        if self._looks % _EVENTS_EVERY == 0:
            handle_events(self, self._events)
            if self._ground is not None:
                self._ground.listen(self._settings.grid_max_age)
        self._former = [worker for worker in self._former if worker.threads()]
        # An error within the timeout, not after it.
        by = time.monotonic() + _WATCH_PERIOD
        for worker in (*self._former, self._worker):
            if worker is not None and worker.find_hanging(by):
                self._publish_diagnostics()
                self.get_logger().error(f'engine failed: {worker.status.error}')
                faulthandler.dump_traceback()
                self._end('the engine hangs')

    def _repeat_health(self) -> None:
        """Say how the cameras are; one whose masks stopped is found here."""
        for name, topic in self._health.items():
            _, three_intervals = self._worker.arrivals(name)
            silent_after = max(self._settings.camera_timeout, three_intervals)
            topic.repeat(time.monotonic(), silent_after)

    def _end(self, why: str) -> None:
        self.get_logger().fatal(f'{why}: the node ends')
        self.exit_code = 3

    def _publish_diagnostics(self) -> None:
        message = DiagnosticArray()
        message.header.stamp = self.get_clock().now().to_msg()
        name = self.get_fully_qualified_name().lstrip('/')
        if self._worker_diagnostics is None:
            message.status = [idle_status(name, self._lifecycle)]
        else:
            message.status = self._worker_diagnostics.statuses(time.monotonic())
        message.status = [*message.status, transport_status(name, self._transport_problem)]
        self._diagnostics.publish(message)
