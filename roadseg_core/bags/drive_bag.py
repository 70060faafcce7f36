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

from roadseg_core.bags.writer import FIRST_STAMP_NS, BagWriter
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
            bag.write_frame(
                camera,
                frame.image,
                frame.labels,
                stamp_ns=stamp_ns,
                intrinsics=drive.camera(camera).intrinsics,
            )
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
