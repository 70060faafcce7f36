"""The listener of a load test: a planner in a process of its own that times what it gets."""

from __future__ import annotations

import argparse
import json
import signal
import time
from pathlib import Path

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile

from roadseg_core.bags.images import read_stamp
from roadseg_core.files import write_atomically
from roadseg_ros.live.context import make_context
from roadseg_ros.node.camera import OUTPUTS


def main() -> int:
    """Listen until SIGINT; write what arrived, and when."""
    parser = argparse.ArgumentParser()
    parser.add_argument('output', type=Path)
    parser.add_argument('topics', nargs='*', help='camera/output')
    parser.add_argument('--ready', type=Path, help='touched when the engine is ready')
    options = parser.parse_args()
    context = make_context()
    node = Node('load_listener', context=context)
    images: dict[str, list[tuple[int, int]]] = {topic: [] for topic in options.topics}
    reports: list[dict] = []

    def take_report(message: DiagnosticArray) -> None:
        statuses = {
            status.name.partition(': ')[2]: {value.key: value.value for value in status.values}
            | {'message': status.message, 'level': ord(status.level)}
            for status in message.status
            if status.name.startswith('segmentation: ')
        }
        if statuses:
            reports.append({'time_ns': time.monotonic_ns(), **statuses})
        if options.ready and statuses.get('engine', {}).get('state') == 'READY':
            options.ready.touch()

    for topic, came in images.items():

        def take(message: bytes, came: list = came) -> None:
            came.append((read_stamp(message), time.monotonic_ns()))

        kind = OUTPUTS[topic.partition('/')[2]]
        node.create_subscription(
            kind, f'/segmentation/{topic}', take, QoSProfile(depth=10), raw=True
        )
    node.create_subscription(DiagnosticArray, '/diagnostics', take_report, 10)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    ends: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: ends.append(number))
    while not ends:
        executor.spin_once(timeout_sec=0.1)
    executor.shutdown()
    context.try_shutdown()
    with write_atomically(options.output) as temporary:
        temporary.write_text(json.dumps({'images': images, 'reports': reports}))
    return 0


if __name__ == '__main__':
    raise SystemExit(main())
