"""Render the demo's drive and record it as a bag, with its exact truth."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from itertools import repeat
from pathlib import Path

import cv2
import numpy as np

from roadseg_core.bags.cdr import header, message_types
from roadseg_core.bags.message_types import CAMERA_INFO_TYPE, camera_info_topic
from roadseg_core.bags.writer import FIRST_STAMP_NS, BagWriter, image_topic
from roadseg_core.rendering import Drive, DriveConfig, RenderedFrame


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
    drive = Drive(config)
    total = drive.frame_count * len(cameras)
    with BagWriter(path) as bag:
        for done, (camera, frame) in enumerate(_rendered(config, cameras, drive.frame_count), 1):
            stamp_ns = FIRST_STAMP_NS + frame.stamp_ns
            info = _camera_info(drive, camera, stamp_ns)
            bag.write(camera_info_topic(image_topic(camera)), CAMERA_INFO_TYPE, stamp_ns, info)
            bag.write_frame(camera, frame.image, frame.labels, stamp_ns=stamp_ns)
            progress(done, total)
    return drive.frame_count


def _rendered(
    config: DriveConfig, cameras: tuple[str, ...], count: int
) -> Iterator[tuple[str, RenderedFrame]]:
    """Yield all frames in the order of time, rendered by two processes or more."""
    workers = max(1, min(8, os.cpu_count() or 1))
    # Not forked: OpenCV's threads and ROS do not outlive a fork.
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context('spawn')) as executor:
        for frames in executor.map(_render, repeat(config), repeat(cameras), range(count)):
            yield from frames


def _render(
    config: DriveConfig, cameras: tuple[str, ...], index: int
) -> list[tuple[str, RenderedFrame]]:
    cv2.setNumThreads(1)
    drive = _prepared(config)
    return [(camera, drive.render(camera, index)) for camera in cameras]


_prepared = lru_cache(maxsize=1)(Drive)  # each process prepares a drive once


def _camera_info(drive: Drive, camera: str, stamp_ns: int) -> bytes:
    types = message_types()
    fx, fy, cx, cy = drive.camera(camera).intrinsics
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
