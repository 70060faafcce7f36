"""The node of a live evaluation: started here, or found running."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

import rclpy
from rcl_interfaces.srv import GetParameters
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions

from roadseg_ros.live.processes import DemoError, Process

_FIND_SECONDS = 10.0
_GONE_SECONDS = 5.0


class LiveError(Exception):
    """A live evaluation that cannot go on; the message says why."""


@dataclass(frozen=True)
class Input:
    """Where a camera of the node listens: the topic without ``/compressed``."""

    topic: str
    transport: str


class LiveNode(Protocol):
    """A node that bags are played to."""

    name: str
    inputs: dict[str, Input]

    @property
    def running(self) -> bool:
        """Say whether it runs."""
        ...

    def exit_code(self) -> int | None:
        """Return its exit code, None where there is none yet or it is not known."""
        ...

    def failure(self, what: str) -> DemoError:
        """Return an error about it."""
        ...

    def close(self) -> int:
        """Stop it if it was started here; return its exit code, 0 if it goes on."""
        ...


class StartedNode:
    """A node of our own."""

    def __init__(self, process: Process, name: str, inputs: dict[str, Input]) -> None:
        self._process = process
        self.name = name
        self.inputs = inputs

    @property
    def running(self) -> bool:
        """Say whether it runs."""
        return self._process.running

    def exit_code(self) -> int | None:
        """Return its exit code, None while it runs."""
        return self._process.exit_code()

    def failure(self, what: str) -> DemoError:
        """Return an error with the last lines of its log."""
        return self._process.failure(what)

    def close(self) -> int:
        """Stop it and return its exit code."""
        return self._process.stop()


class FoundNode:
    """
    A node that runs already, and goes on afterwards.

    :param name: its full name, such as /segmentation
    :raises LiveError: if there is none of that name, or it does not answer
    """

    def __init__(self, name: str) -> None:
        self.name = name if name.startswith('/') else f'/{name}'
        self._context = Context()
        rclpy.init(context=self._context, signal_handler_options=SignalHandlerOptions.NO)
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

    def failure(self, what: str) -> DemoError:
        """Return an error about it."""
        return DemoError(f'the node {self.name} {what}')

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

    def _read_inputs(self) -> dict[str, Input]:
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
        return {
            camera: Input(topic.removesuffix('/compressed'), transport)
            for camera, topic, transport in zip(cameras, values[::2], values[1::2])
        }
