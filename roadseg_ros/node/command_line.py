"""Check the command line of the node's executable, and print its help."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from rclpy.utilities import remove_ros_args

from roadseg_ros.node.parameters import PARAMETERS, camera_parameters

_USAGE = '%(prog)s [--help] [--ros-args [--params-file FILE] [-p NAME:=VALUE ...] ...]'

_EXAMPLES = """examples:
  segmentation_node --ros-args --params-file config/seg.yaml -p fps:=10.0
  segmentation_node --ros-args -p camera_names:=[front,rear] -p model:=my_model.onnx"""


def check_arguments(arguments: Sequence[str]) -> None:
    """
    Print the help and end the process where it is asked for; refuse what ROS does not read.

    :param arguments: the command line, the program's name first
    """
    argparse.ArgumentParser(
        prog='segmentation_node',
        usage=_USAGE,
        description='Segment the images of 1 to 4 cameras. All settings are ROS parameters:',
        epilog=f'{_parameters_described()}\n\n{_EXAMPLES}',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ).parse_args(remove_ros_args(list(arguments))[1:])


def _parameters_described() -> str:
    lines = ['parameters (name := default):']
    for parameter in (*PARAMETERS, *camera_parameters('<camera>')):
        lines += [
            f'  {parameter.name} := {json.dumps(parameter.default)}',
            f'      {parameter.descriptor().description}',
        ]
    return '\n'.join(lines)
