"""Find out what a path is: a bag, a video, a picture or a folder of pictures."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from roadseg_core.bags.layout import METADATA, is_bag_file
from roadseg_core.bags.reader import BagReader
from roadseg_core.bags.records import SourceError
from roadseg_core.sources.camera_bag import Reader
from roadseg_core.sources.pictures import DEFAULT_FPS, PICTURE_SUFFIXES, picture_bag
from roadseg_core.sources.source import Source
from roadseg_core.sources.video import video_bag


def open_reader(
    path: Path, *, fps: float | None = None, camera: str = 'front', scratch: Path | None = None
) -> Reader:
    """
    Return a reader of what a path is, to be entered.

    :param fps: frames per second of a folder of pictures
    :param camera: name of the camera of a video or of pictures
    :param scratch: where compressed files of a bag are unpacked
    :raises SourceError: if it is nothing that can be read; the message says why
    """
    path = path.expanduser()
    if not path.exists():
        raise SourceError(
            f'{path} does not exist; give a bag, a video, a picture or a folder of pictures'
        )
    if is_bag(path):
        return BagReader(path, scratch=scratch)
    if path.is_dir() or path.suffix.lower() in PICTURE_SUFFIXES:
        return picture_bag(path, fps=fps or DEFAULT_FPS, camera=camera)
    return video_bag(path, camera=camera)


def open_source(
    path: Path, *, bag_topic: str = '', fps: float | None = None, camera: str = 'front'
) -> Source:
    """
    Open a path as one camera.

    :param bag_topic: image topic of a bag; '' where it holds only one
    :param fps: frames per second of a folder of pictures
    :param camera: name of the camera of a video or of pictures
    :raises SourceError: if the path is nothing that can be read; the message says why
    """
    return Source(partial(open_reader, path, fps=fps, camera=camera), topic=bag_topic)


def is_bag(path: Path) -> bool:
    """Say whether a path is a bag's folder or file, whole or not."""
    if path.is_dir():
        return (path / METADATA).is_file() or any(is_bag_file(file) for file in path.iterdir())
    return is_bag_file(path)
