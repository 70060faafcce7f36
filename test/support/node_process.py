"""A node in a process of its own, and a test that is its cameras and its planner."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.msg import SetParametersResult
from rcl_interfaces.srv import SetParameters
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

ROOT = Path(__file__).resolve().parents[2]
BEST_EFFORT = QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)
RELIABLE = QoSProfile(depth=10)
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
COUNTS = ('processed', 'replaced', 'stale', 'bad', 'failed', 'not_ready', 'pending')


def environment(domain: int, folder: Path | None = None) -> dict[str, str]:
    """Return the environment of a process beside a bench; ROS logs go to the folder."""
    return {
        **os.environ,
        'ROS_DOMAIN_ID': str(domain),
        'PYTHONPATH': os.pathsep.join(
            [str(ROOT), str(ROOT / 'test' / 'support'), os.environ.get('PYTHONPATH', '')]
        ),
        'PYTHONUNBUFFERED': '1',
        **({} if folder is None else {'ROS_LOG_DIR': str(folder)}),
    }


class NodeProcess:
    """
    Run the segmentation node with parameters; stop it by SIGINT.

    :param fault: Python that runs in the process before the node, to break something
    :param arguments: further ROS arguments
    :param within: a command that becomes the one given to it, in other surroundings
    """

    def __init__(
        self,
        folder: Path,
        domain: int,
        parameters: dict[str, str],
        *,
        fault: str = '',
        arguments: Sequence[str] = (),
        within: Sequence[str] = (),
    ) -> None:
        values = [f'{name}:={value}' for name, value in parameters.items()]
        self.log = folder / 'node.log'
        with self.log.open('wb') as log:
            self.process = subprocess.Popen(
                [
                    *within,
                    sys.executable,
                    '-c',
                    f'{fault}\nimport sys\n'
                    'from roadseg_ros.segmentation_node import main\nsys.exit(main())',
                    '--ros-args',
                    *(word for value in values for word in ('-p', value)),
                    *arguments,
                ],
                cwd=ROOT,
                env=environment(domain, folder),
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def text(self) -> str:
        """Return what the node printed so far."""
        return self.log.read_text(encoding='utf-8', errors='replace')

    def stop(self) -> int:
        """Send SIGINT and return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


class Bench:
    """Publish frames to a node and keep what it publishes."""

    def __init__(self, domain: int) -> None:
        self.domain = domain
        self.context = Context()
        # rclpy takes the domain from the argument, whatever the environment says.
        rclpy.init(context=self.context, domain_id=domain)
        self.node = rclpy.create_node('bench', context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.received: dict[str, list] = {}
        self.diagnostics: list[dict[str, dict[str, str]]] = []
        self.node.create_subscription(
            DiagnosticArray, '/diagnostics', self._on_diagnostics, RELIABLE
        )

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        statuses = {
            status.name.partition(': ')[2]: {
                **{v.key: v.value for v in status.values},
                'level': status.level,
                'message': status.message,
                'hardware_id': status.hardware_id,
            }
            for status in message.status
        }
        for name, values in statuses.items():
            if name.startswith('camera '):
                assert int(values['received']) == sum(int(values[key]) for key in COUNTS)
        self.diagnostics.append(statuses)

    def listen(self, topic: str, kind: type = Image, qos: QoSProfile = RELIABLE) -> list:
        """Subscribe; return the list that messages will be in."""
        messages = self.received.setdefault(topic, [])
        self.node.create_subscription(kind, topic, messages.append, qos)
        return messages

    def until(self, condition: Callable[[], bool], seconds: float = 60.0, what: str = '') -> None:
        """Spin until the condition holds."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f'waited {seconds} s in vain: {what}'
            self.executor.spin_once(timeout_sec=0.02)

    def spin_for(self, seconds: float) -> None:
        """Spin for a while."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.executor.spin_once(timeout_sec=left)

    def camera(self, name: str) -> dict[str, str]:
        """Return the newest diagnostics of a camera."""
        return self.diagnostics[-1][f'camera {name}'] if self.diagnostics else {}

    def wait_ready(self) -> None:
        """Spin until the engine is READY."""
        self.until(
            lambda: (
                bool(self.diagnostics)
                and self.diagnostics[-1].get('engine', {}).get('state') == 'READY'
            ),
            what='engine READY',
        )

    def close(self) -> None:
        """Leave the domain."""
        self.executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)


def frame(number: int, *, height: int = 120, width: int = 160, frame_id: str = 'optical') -> Image:
    """Return a bgr8 image with a stamp that tells its number."""
    message = Image(height=height, width=width, encoding='bgr8', step=3 * width)
    message.header.stamp.sec, message.header.stamp.nanosec = 1000 + number, 7 * number
    message.header.frame_id = frame_id
    message.data = np.full(height * width * 3, number % 256, np.uint8).tobytes()
    return message


def call(bench: Bench, kind: type, service: str, request: object) -> object:
    """Call a service of the node; return its response."""
    client = bench.node.create_client(kind, service)
    bench.until(client.service_is_ready, what=service)
    future = client.call_async(request)
    bench.until(future.done, what=service)
    return future.result()


def change(bench: Bench, transition: int) -> bool:
    """Ask the node for a lifecycle transition; tell whether it succeeded."""
    request = ChangeState.Request()
    request.transition.id = transition
    return call(bench, ChangeState, '/segmentation/change_state', request).success


def set_parameter(bench: Bench, name: str, value: object) -> SetParametersResult:
    """Set a parameter of the node."""
    request = SetParameters.Request(parameters=[Parameter(name, value=value).to_parameter_msg()])
    return call(bench, SetParameters, '/segmentation/set_parameters', request).results[0]


def publish_until(
    bench: Bench,
    publishers: list,
    condition: Callable[[], bool],
    what: str,
    make: Callable[[int], object] = frame,
    rate: float = 15.0,
) -> int:
    """Publish numbered frames to all cameras, at this rate at most, until the condition holds."""
    for number in range(600):
        for publisher in publishers:
            publisher.publish(make(number))
        bench.spin_for(1.0 / rate)
        if condition():
            return number
    raise AssertionError(f'600 frames in vain: {what}')
