"""A message names the command that installs a missing Python module."""

from __future__ import annotations

import sys
from pathlib import Path

TRAINING = frozenset({
    'PIL', 'av', 'dask', 'distributed', 'h5py', 'matplotlib', 'onnxruntime', 'onnxscript',
    'safetensors', 'tensorboard', 'torch',
})  # fmt: skip
"""What requirements/train.txt brings; none of it is needed on a vehicle."""
ROS = frozenset({
    'ament_index_python', 'builtin_interfaces', 'diagnostic_msgs', 'geometry_msgs', 'launch',
    'launch_ros', 'lifecycle_msgs', 'nav_msgs', 'rcl_interfaces', 'rclpy', 'rosgraph_msgs',
    'sensor_msgs', 'std_msgs',
})  # fmt: skip
OURS = frozenset({'roadseg_core', 'roadseg_ros'})


def repair(error: ModuleNotFoundError) -> str:
    """
    Return one line: what is missing for which Python, and the command that installs it.

    :raises ModuleNotFoundError: the same, if the module is one of the project's own
    """
    name = (error.name or '').partition('.')[0]
    if name in OURS or not name:
        raise error
    found = f'{error} (with {sys.executable});'
    if name in ROS:
        return f'{found} run first: source /opt/ros/$ROS_DISTRO/setup.bash'
    # The source itself, or that of the .venv, where colcon copied this file away.
    places = (Path(__file__).resolve().parents[1], Path(sys.prefix).parent)
    folders = [str(place) for place in places if (place / 'requirements' / 'lock.txt').is_file()]
    setup = f'make -C {[*folders, "SOURCE_OF_ROADSEG_ROS"][0]} setup'
    if name in TRAINING:
        return f"{found} run: {setup} SETS='runtime train dev'"
    build = ' && colcon build --packages-select roadseg_ros'
    return f'{found} run: {setup}{build if sys.prefix == sys.base_prefix else ""}'
