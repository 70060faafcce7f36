"""Render the demo's drive and record it as a bag, with its exact truth."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from rosbags.rosbag2 import StoragePlugin, Writer

from roadseg_core.bags.cdr import header, image_cdr, message_types
from roadseg_core.bags.message_types import CAMERA_INFO_TYPE, RAW_TYPE
from roadseg_core.bags.truth_bag import FIRST_STAMP_NS, image_topic, truth_topic
from roadseg_core.rendering import Drive, DriveConfig, RenderedFrame

_CHUNK = 1


def record_drive(
    config: DriveConfig,
    cameras: tuple[str, ...],
    path: Path,
    *,
    progress: Callable[[int, int], None],
) -> int:
    """
    Render a drive into a new bag: images (bgr8), CameraInfo and truth (mono8) of each camera.

    :param progress: called with frames done and frames in all
    :returns: frames of each camera
    """
    types = message_types()
    drive = Drive(config)
    kinds = {image_topic: RAW_TYPE, _info_topic: CAMERA_INFO_TYPE, truth_topic: RAW_TYPE}
    with Writer(path, version=8, storage_plugin=StoragePlugin.MCAP) as bag:
        connections = {
            topic(camera): bag.add_connection(topic(camera), kind, typestore=types)
            for camera in cameras
            for topic, kind in kinds.items()
        }
        total = drive.frame_count * len(cameras)
        for done, (camera, frame) in enumerate(_rendered(config, cameras, drive.frame_count), 1):
            stamp_ns = FIRST_STAMP_NS + frame.stamp_ns
            marks = {'stamp_ns': stamp_ns, 'frame_id': camera}
            for topic, data in (
                (_info_topic, _camera_info(drive, camera, stamp_ns)),
                (image_topic, image_cdr(frame.image, encoding='bgr8', **marks)),
                (truth_topic, image_cdr(frame.labels, encoding='mono8', **marks)),
            ):
                bag.write(connections[topic(camera)], stamp_ns, data)
            progress(done, total)
    return drive.frame_count


def _rendered(
    config: DriveConfig, cameras: tuple[str, ...], count: int
) -> Iterator[tuple[str, RenderedFrame]]:
    """Yield all frames in the order of time, rendered by two processes or more."""
    workers = max(1, min(8, os.cpu_count() or 1))
    chunks = [
        (config, cameras, first, min(count, first + _CHUNK)) for first in range(0, count, _CHUNK)
    ]
    # Not forked: OpenCV's threads and ROS do not outlive a fork.
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context('spawn')) as executor:
        for frames in executor.map(_render_chunk, chunks):
            yield from frames


def _render_chunk(
    chunk: tuple[DriveConfig, tuple[str, ...], int, int],
) -> list[tuple[str, RenderedFrame]]:
    config, cameras, first, end = chunk
    cv2.setNumThreads(1)
    drive = _prepared(config)
    return [
        (camera, drive.render(camera, index)) for index in range(first, end) for camera in cameras
    ]


_prepared = lru_cache(maxsize=1)(Drive)  # each process prepares a drive once


def _info_topic(camera: str) -> str:
    return f'/camera/{camera}/camera_info'


def _camera_info(drive: Drive, camera: str, stamp_ns: int) -> bytes:
    types = message_types()
    fx, fy, cx, cy = drive.intrinsics(camera)
    message = types.types[CAMERA_INFO_TYPE](
        header=header(stamp_ns, camera),
        height=drive.config.height,
        width=drive.config.width,
        distortion_model='plumb_bob',
        d=np.zeros(5),
        k=np.array([fx, 0, cx, 0, fy, cy, 0, 0, 1.0]),
        r=np.eye(3).ravel(),
        p=np.array([fx, 0, cx, 0, 0, fy, cy, 0, 0, 0, 1.0, 0]),
        binning_x=0,
        binning_y=0,
        roi=types.types['sensor_msgs/msg/RegionOfInterest'](
            x_offset=0, y_offset=0, height=0, width=0, do_rectify=False
        ),
    )
    return bytes(types.serialize_cdr(message, CAMERA_INFO_TYPE))
