"""Describe in one line why rcl refuses to start a process."""

from __future__ import annotations

import re

from rclpy.impl.implementation_singleton import rclpy_implementation

# Of the command line, of a parameter file, of the folder of the logs.
START_ERRORS = (rclpy_implementation.RCLError, rclpy_implementation.UnknownROSArgsError)


def start_error(error: Exception) -> str:
    """Return what rcl says, without the places in its source; of a log folder also the remedy."""
    if isinstance(error, rclpy_implementation.UnknownROSArgsError):
        return f'after --ros-args there are words that are no arguments of ROS: {error}'
    text = re.sub(r',? at [^\s,]+:\d+', '', str(error)).strip()
    hint = '; name a folder in ROS_LOG_DIR' if 'log directory' in text else ''
    return f'{text}{hint}'
