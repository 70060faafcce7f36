"""Find out what kind of source a path is."""

from __future__ import annotations

from pathlib import Path

from roadseg_core.sources.bag_source import BAG_SUFFIXES, BagSource
from roadseg_core.sources.folder_source import DEFAULT_FPS, FolderSource
from roadseg_core.sources.source import Source, SourceError
from roadseg_core.sources.video_source import VideoSource


def open_source(path: Path, *, bag_topic: str = '', fps: float | None = None) -> Source:
    """
    Open a bag (folder or file), a video file or a folder of images.

    :param bag_topic: image topic of a bag; '' where it holds only one
    :param fps: frames per second of a folder of images
    :raises SourceError: if the path is none of these; the message says why
    """
    path = path.expanduser()
    if not path.exists():
        raise SourceError(f'{path} does not exist; give a bag, a video or a folder of images')
    if path.is_dir():
        if (path / 'metadata.yaml').is_file():
            return BagSource(path, topic=bag_topic)
        files = sorted(file for file in path.iterdir() if file.suffix in BAG_SUFFIXES)
        if len(files) == 1:
            return BagSource(files[0], topic=bag_topic)
        if files:
            raise SourceError(
                f'{path} holds {len(files)} bag files and no metadata.yaml; '
                "make it by 'ros2 bag reindex', or name one file"
            )
        return FolderSource(path, fps=fps or DEFAULT_FPS)
    if path.suffix in BAG_SUFFIXES:
        return BagSource(path, topic=bag_topic)
    if path.suffix == '.zstd' and (path.parent / 'metadata.yaml').is_file():
        return BagSource(path.parent, topic=bag_topic)
    if path.suffix == '.bag':
        raise SourceError(
            f"{path} is a ROS 1 bag; convert it by 'rosbags-convert --src {path} "
            "--dst FOLDER' first"
        )
    return VideoSource(path)
