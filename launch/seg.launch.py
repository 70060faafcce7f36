"""
Start the segmentation node: ros2 launch roadseg_ros seg.launch.py [argument:=value ...].

An argument left empty leaves its parameter as the parameter file has it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch_ros.actions import Node

from launch import LaunchContext, LaunchDescription
from roadseg_ros.launching.arguments import check_log_level, refuse_unknown
from roadseg_ros.launching.parameters import parameter_overrides, parse_value, with_scenario
from roadseg_ros.launching.params_file import cameras_in_file

PACKAGE = 'roadseg_ros'

# name -> (default, description); '' means: as params_file says.
ARGUMENTS = {
    'params_file': ('', 'Parameter file of the node; empty: the shipped config/seg.yaml.'),
    'scenario': ('', 'Cameras, fps and model of a scenario: parking, urban, rural or a file.'),
    'model': ('', 'Model file (.onnx) or training checkpoint.'),
    'backend': ('', 'auto, tensorrt, openvino or torch.'),
    'device': ('', 'Device of the backend, such as auto, cpu or cuda:0.'),
    'precision': ('', 'Precision the engine runs in, or auto.'),
    'threads': ('', 'CPU threads of the engine; 0: it chooses.'),
    'cache_dir': ('', 'Folder for what an engine compiles.'),
    'allow_build': ('', 'Whether an engine may be built at start (true or false).'),
    'fps': ('', 'The most frames per second of each camera that are processed.'),
    'cameras': ('', 'Camera names, comma separated, 1 to 4: front,left,right,rear.'),
    'image_topics': ('', 'Image topics: front=/cam0/image_raw,left=cam1/image_raw.'),
    'transport': ('', 'raw or compressed, for all cameras; or front=raw,left=compressed.'),
    'output_geometry': ('', 'Published images have the size of: camera or network.'),
    'road_threshold': ('', 'Road mask by probability from this value on; 0: by the labels.'),
    'overlay_mode': ('', 'palette or road.'),
    'autostart': ('', 'Whether the node activates itself (true or false).'),
    'use_sim_time': ('', 'Whether the node takes its time from /clock (true or false).'),
    'namespace': ('', 'Namespace of the node and of its topics that do not begin with /.'),
    'name': ('segmentation', 'Name of the node.'),
    'log_level': ('info', 'debug, info, warn, error or fatal; or logger:=level.'),
    'respawn': ('false', 'Whether to start the node again when it exits (true or false).'),
    'respawn_delay': ('2.0', 'Seconds before it is started again.'),
}


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments; what they lead to is decided once their values are known."""
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=description)
        for name, (default, description) in ARGUMENTS.items()
    ]
    return LaunchDescription([*declared, OpaqueFunction(function=start_node)])


def start_node(context: LaunchContext) -> list[Node]:
    """Return the node's action for the values of the launch arguments."""
    refuse_unknown(sys.argv, ARGUMENTS, package=PACKAGE, launch_file=Path(__file__))
    config = Path(get_package_share_directory(PACKAGE)) / 'config'
    given = with_scenario(
        {name: context.launch_configurations[name] for name in ARGUMENTS},
        models=config.parent / 'models',
    )
    params_file = Path(given['params_file'] or config / 'seg.yaml').expanduser()
    overrides = parameter_overrides(given, file_cameras=cameras_in_file(params_file, given['name']))
    return [
        Node(
            package=PACKAGE,
            executable='segmentation_node',
            name=given['name'],
            namespace=given['namespace'],
            output='screen',
            emulate_tty=True,
            parameters=[str(params_file), *([overrides] if overrides else [])],
            ros_arguments=['--log-level', check_log_level(given['log_level'])],
            respawn=parse_value('respawn', given['respawn'], bool),
            respawn_delay=parse_value('respawn_delay', given['respawn_delay'], float),
        )
    ]
