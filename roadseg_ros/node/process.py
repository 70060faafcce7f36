"""Run the process of the segmentation node: its signals, its log and its exit."""

from __future__ import annotations

import faulthandler
import logging
import math
import signal
import sys
import time

import cv2
import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.signals import SignalHandlerOptions

from roadseg_core.shared_memory import read_shared_memory
from roadseg_ros.dds.profile import images_problem, prepare_process
from roadseg_ros.node.command_line import check_arguments
from roadseg_ros.node.node import SegmentationNode
from roadseg_ros.node.parameters import ParameterError
from roadseg_ros.ros_errors import START_ERRORS, start_error


class _RosLogHandler(logging.Handler):
    """Bring the library's log to the node's."""

    def __init__(self, node: SegmentationNode) -> None:
        super().__init__(logging.INFO)
        self._logger = node.get_logger()

    def emit(self, record: logging.LogRecord) -> None:
        """Log one record at its level."""
        # rclpy allows a line of code one severity.
        if record.levelno >= logging.ERROR:
            self._logger.error(record.getMessage())
        elif record.levelno >= logging.WARNING:
            self._logger.warning(record.getMessage())
        else:
            self._logger.info(record.getMessage())


def run(node: SegmentationNode) -> int:
    """Move the node to active if it is to start by itself, then spin until it is to end."""
    if node.autostart:
        for step in (node.trigger_configure, node.trigger_activate):
            if step() != TransitionCallbackReturn.SUCCESS:
                return 2
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    beat, limit = -math.inf, 0.0
    while node.exit_code is None:
        # An engine that is open at last, and hangs at once, must not have the time of an opening.
        if node.silence_limit != limit or time.monotonic() - beat >= 1.0:
            beat, limit = time.monotonic(), node.silence_limit
            _stay_alive(limit)
        # A signal is seen between two callbacks: rcl's wait is not interrupted by one.
        executor.spin_once(timeout_sec=0.25)
    executor.remove_node(node)
    return node.exit_code


def _stay_alive(seconds: float) -> None:
    """
    Let the process live on for some seconds, or for ever (0), unless this is called again.

    A thread in C ends it, with the tracebacks of all threads: where a native call holds Python's
    lock, no Python runs that could.
    """
    faulthandler.cancel_dump_traceback_later()
    if seconds:
        faulthandler.dump_traceback_later(seconds, exit=True)


def run_process(arguments: list[str] | None = None) -> int:
    """
    Run the node until SIGINT or SIGTERM, or a failure.

    :param arguments: the command line; None for that of the process
    :returns: the exit code: 0, or what went wrong
    :raises KeyboardInterrupt: for a signal before the node has its own handlers
    """
    prepare_process()
    # Before this process has its own part of it.
    memory = read_shared_memory()
    # OpenCV's threads would take the cores from the engine's; a frame's resize is short.
    cv2.setNumThreads(1)
    node = None
    try:
        check_arguments(sys.argv if arguments is None else ['segmentation_node', *arguments])
        # Our own handlers: rclpy's would invalidate the publishers under the worker.
        rclpy.init(args=arguments, signal_handler_options=SignalHandlerOptions.NO)
        node = SegmentationNode()
        problem = images_problem(memory, senders=len(node.camera_names))
        if problem:
            node.get_logger().warning(problem)

        def end(number: int, frame: object) -> None:
            node.exit_code = 0

        signal.signal(signal.SIGINT, end)
        signal.signal(signal.SIGTERM, end)
        library = logging.getLogger('roadseg_core')
        library.setLevel(logging.INFO)
        library.addHandler(_RosLogHandler(node))
        return run(node)
    except (ParameterError, ParameterException) as error:
        print(f'segmentation: cannot start: {error}', file=sys.stderr)
        return 2
    except START_ERRORS as error:
        print(f'segmentation: cannot start: {start_error(error)}', file=sys.stderr)
        return 2
    finally:
        if node is not None:
            node.close()
            node.destroy_node()
        rclpy.try_shutdown()
