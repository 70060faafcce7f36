"""The ROS context of a live run, which leaves the process's signals alone."""

from __future__ import annotations

import rclpy
from rclpy.context import Context
from rclpy.signals import SignalHandlerOptions

from roadseg_core.evaluation.live.results import LiveError
from roadseg_ros.ros_errors import START_ERRORS, start_error


def make_context() -> Context:
    """Return a context; LiveError where ROS refuses, such as for want of a folder of logs."""
    context = Context()
    try:
        rclpy.init(context=context, signal_handler_options=SignalHandlerOptions.NO)
    except START_ERRORS as error:
        raise LiveError(start_error(error)) from error
    return context
