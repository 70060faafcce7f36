"""How the topics of a camera belong together."""

from __future__ import annotations


def camera_info_topic(image_topic: str) -> str:
    """Return the CameraInfo topic beside an image topic, as image_transport pairs them."""
    folder, slash, _ = image_topic.removesuffix('/compressed').rpartition('/')
    return f'{folder}{slash}camera_info'
