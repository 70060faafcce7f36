"""Write the labelled frames of a data set as a bag: images, and truth of the same stamps."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from rosbags.rosbag2 import StoragePlugin, Writer

from roadseg_core.bags.cdr import BILLION, image_cdr, message_types
from roadseg_core.bags.message_types import RAW_TYPE
from roadseg_core.data.source import FrameSource
from roadseg_core.labels import IGNORE, NOT_ROAD, TWO, LabelMap

FIRST_STAMP_NS = 1_700_000_000 * BILLION
"""Stamp of the first frame: a fixed date, so that equal frames make equal bags."""

_STORAGES = {'mcap': StoragePlugin.MCAP, 'sqlite3': StoragePlugin.SQLITE3}
STORAGES = tuple(_STORAGES)


def image_topic(camera: str) -> str:
    """Return the topic of a camera's images."""
    return f'/camera/{camera}/image_raw'


def truth_topic(camera: str) -> str:
    """Return the topic of a camera's true label images."""
    return f'/truth/{camera}/label'


def write_truth_bag(
    path: Path,
    source: FrameSource,
    label_map: LabelMap,
    *,
    camera: str,
    seconds: float,
    storage: str,
    progress: Callable[[int, int], None],
) -> LabelMap:
    """
    Write a bag of bgr8 images and mono8 truth.

    :param path: folder of the new bag; it must not exist
    :param label_map: of the source's truth
    :param seconds: time from frame to frame; frames of most data sets are no neighbours, and
        more than a second apart they are not taken for such
    :param storage: one of :data:`STORAGES`
    :param progress: called with frames done and frames in all
    :returns: the map of the bag's truth: ``label_map``, or, where the source knows road and not
        road alone, the map ``two``
    :raises DataError: if a frame cannot be read
    :raises OSError: if the bag cannot be written
    """
    with Writer(path, version=8, storage_plugin=_STORAGES[storage]) as bag, ExitStack() as stack:
        # Half a bag would look like a whole one.
        stack.callback(shutil.rmtree, path, ignore_errors=True)
        images, truths = (
            bag.add_connection(topic(camera), RAW_TYPE, typestore=message_types())
            for topic in (image_topic, truth_topic)
        )
        for index in range(len(source)):
            frame = source.load(index)
            labels = road_labels(frame.labels, label_map) if source.road_only else frame.labels
            stamp_ns = FIRST_STAMP_NS + index * round(seconds * BILLION)
            for connection, image, encoding in (
                (images, frame.image, 'bgr8'),
                (truths, labels, 'mono8'),
            ):
                bag.write(
                    connection,
                    stamp_ns,
                    image_cdr(image, encoding=encoding, stamp_ns=stamp_ns, frame_id=camera),
                )
            progress(index + 1, len(source))
        stack.pop_all()
    return TWO if source.road_only else label_map


def road_labels(labels: np.ndarray, label_map: LabelMap) -> np.ndarray:
    """
    Return uint8 [H, W] of the map ``two``.

    :param labels: uint8 [H, W]: road ids of ``label_map``, ``NOT_ROAD`` or ``IGNORE``
    """
    found = (label_map.road_mask(labels) > 0).astype(np.uint8)
    found[np.isin(labels, (IGNORE, *label_map.void_ids)) & (labels != NOT_ROAD)] = IGNORE
    return found
