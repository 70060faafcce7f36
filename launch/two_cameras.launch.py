"""
Start two USB cameras and the segmentation node: an example to copy into your own package.

    ros2 launch roadseg_ros two_cameras.launch.py front_device:=/dev/video0 left_device:=/dev/video2
"""

from __future__ import annotations

import os
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch.actions import DeclareLaunchArgument, GroupAction, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from launch import LaunchDescription
from roadseg_ros.dds.profile import added_environment

DEVICES = {'front': '/dev/video0', 'left': '/dev/video2'}


def generate_launch_description() -> LaunchDescription:
    """Start the driver of each camera, and the node that takes the images of both."""
    share = Path(get_package_share_directory('roadseg_ros'))
    devices = [
        DeclareLaunchArgument(f'{camera}_device', default_value=device, description='Its device.')
        for camera, device in DEVICES.items()
    ]
    drivers = [
        # Publishes camera/front/image_raw and camera_info beside it: what the node listens to.
        Node(
            package='v4l2_camera',
            executable='v4l2_camera_node',
            namespace=f'camera/{camera}',
            name='driver',
            parameters=[
                {
                    'video_device': LaunchConfiguration(f'{camera}_device'),
                    'image_size': [1280, 720],
                    'camera_frame_id': f'{camera}_optical',
                }
            ],
            # Both ends of a topic need the profile for large images. The node sets it itself.
            additional_env=added_environment(os.environ, share / 'config' / 'fastdds_images.xml'),
        )
        for camera in DEVICES
    ]
    # In a group of its own: arguments of an include are otherwise those of the next one, too.
    segmentation = GroupAction(
        [
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(str(share / 'launch' / 'seg.launch.py')),
                launch_arguments={'cameras': ','.join(DEVICES), 'respawn': 'true'}.items(),
            )
        ]
    )
    return LaunchDescription([*devices, *drivers, segmentation])
