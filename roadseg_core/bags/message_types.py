"""The message types of camera topics, and how the topics belong together."""

from __future__ import annotations

RAW_TYPE = 'sensor_msgs/msg/Image'
COMPRESSED_TYPE = 'sensor_msgs/msg/CompressedImage'
CAMERA_INFO_TYPE = 'sensor_msgs/msg/CameraInfo'
GRID_TYPE = 'nav_msgs/msg/OccupancyGrid'
IMAGE_TYPES = (RAW_TYPE, COMPRESSED_TYPE)


def full_type(name: str) -> str:
    """Return a type's full name: bags of before 2020 have ``sensor_msgs/Image``."""
    package, slash, kind = name.partition('/')
    return f'{package}/msg/{kind}' if slash and '/' not in kind else name


def camera_info_topic(image_topic: str) -> str:
    """Return the CameraInfo topic beside an image topic, as image_transport pairs them."""
    folder, slash, _ = image_topic.removesuffix('/compressed').rpartition('/')
    return f'{folder}{slash}camera_info'
