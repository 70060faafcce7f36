"""Start the node that drives are played to, or find one that runs already."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import rclpy
from rcl_interfaces.srv import GetParameters
from rclpy.executors import SingleThreadedExecutor
from rclpy.expand_topic_name import expand_topic_name

from roadseg_core.evaluation.live.results import LiveError
from roadseg_core.evaluation.settings.sections import EngineChoice
from roadseg_ros.live.context import make_context
from roadseg_ros.live.processes import Process

_FIND_SECONDS = 10.0
_GONE_SECONDS = 5.0


@dataclass(frozen=True)
class CameraInput:
    """Where a camera of the node listens: the topic without ``/compressed``."""

    topic: str
    transport: str


class StartedNode(Process):
    """
    A segmentation node of our own.

    :param inputs: where it listens, by camera
    :param fps: its cap, frames per second of a camera
    :param model: None for the one shipped
    :param log: file of what it prints
    :param more: further parameters
    """

    name = '/segmentation'

    def __init__(
        self,
        inputs: dict[str, CameraInput],
        *,
        fps: float,
        engine: EngineChoice,
        model: Path | None,
        log: Path,
        more: Mapping[str, str],
    ) -> None:
        self.inputs = inputs
        parameters = {
            'camera_names': f'[{",".join(inputs)}]',
            'fps': f'{fps:.6f}',
            'backend': engine.backend,
            'precision': engine.precision,
            'threads': engine.threads,
        }
        for camera, where in inputs.items():
            parameters[f'{camera}.image_topic'] = where.topic
            parameters[f'{camera}.transport'] = where.transport
        if model is not None:
            parameters['model'] = model.resolve()
        arguments = ['--ros-args']
        for name, value in {**parameters, **more}.items():
            arguments += ['-p', f'{name}:={value}']
        super().__init__('node', 'roadseg_ros.segmentation_node', arguments, log)


class FoundNode:
    """
    A node that runs already, and goes on afterwards.

    :param name: its full name, such as /segmentation
    :raises LiveError: if there is none of that name, or it does not answer
    """

    def __init__(self, name: str) -> None:
        self.name = name if name.startswith('/') else f'/{name}'
        self._context = make_context()
        self._node = rclpy.create_node('live_evaluation', context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        try:
            self.inputs = self._read_inputs()
        except LiveError:
            self.close()
            raise
        self._seen = time.monotonic()

    @property
    def running(self) -> bool:
        """Say whether the graph still knows it: names come some time after services."""
        now = time.monotonic()
        if self.name in self._known():
            self._seen = now
        return now - self._seen < _GONE_SECONDS

    def exit_code(self) -> int | None:
        """Return None: it is not our process."""
        return None

    def failure(self, what: str) -> LiveError:
        """Return an error about it."""
        return LiveError(f'the node {self.name} {what}')

    def close(self) -> int:
        """Leave it running."""
        self._executor.shutdown(timeout_sec=2.0)
        self._node.destroy_node()
        self._context.try_shutdown()
        return 0

    def _known(self) -> list[str]:
        return [
            f'{namespace.rstrip("/")}/{name}'
            for name, namespace in self._node.get_node_names_and_namespaces()
        ]

    def _read_inputs(self) -> dict[str, CameraInput]:
        client = self._node.create_client(GetParameters, f'{self.name}/get_parameters')
        if not client.wait_for_service(timeout_sec=_FIND_SECONDS):
            known = sorted(set(self._known()) - {'/live_evaluation'})
            raise LiveError(
                f'there is no node {self.name} within {_FIND_SECONDS:g} s; the nodes seen are '
                f'{", ".join(known) or "none"}; is it on the same ROS_DOMAIN_ID?'
            )

        def ask(names: list[str]) -> list:
            future = client.call_async(GetParameters.Request(names=names))
            deadline = time.monotonic() + _FIND_SECONDS
            while not future.done() and time.monotonic() < deadline:
                self._executor.spin_once(timeout_sec=0.1)
            values = future.result().values if future.done() else []
            if len(values) != len(names):
                raise LiveError(
                    f'{self.name} does not tell its parameters {", ".join(names)}; '
                    'is it a segmentation node?'
                )
            return values

        cameras = list(ask(['camera_names'])[0].string_array_value)
        names = [f'{camera}.{part}' for camera in cameras for part in ('image_topic', 'transport')]
        values = [value.string_value for value in ask(names)]
        namespace, _, own = self.name.rpartition('/')
        return {
            camera: CameraInput(
                expand_topic_name(topic.removesuffix('/compressed'), own, namespace or '/'),
                transport,
            )
            for camera, topic, transport in zip(cameras, values[::2], values[1::2])
        }


LiveNode = StartedNode | FoundNode
"""A node that drives are played to."""
