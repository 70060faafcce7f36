"""Write the labelled frames of a data set as a bag: images, and truth of the same stamps."""

from __future__ import annotations

from pathlib import Path

from tqdm import tqdm

from roadseg_core.bags.cdr import BILLION
from roadseg_core.bags.writer import FIRST_STAMP_NS, BagWriter
from roadseg_core.data.source import FrameSource
from roadseg_core.labels import TWO, LabelMap


def write_truth_bag(
    path: Path,
    source: FrameSource,
    label_map: LabelMap,
    *,
    camera: str,
    seconds: float,
    storage: str,
) -> LabelMap:
    """
    Write a bag of bgr8 images and mono8 truth, and CameraInfo where the source knows the camera.

    :param path: folder of the new bag; it must not exist
    :param label_map: of the source's truth
    :param seconds: time from frame to frame; frames of most data sets are no neighbours, and
        more than a second apart they are not taken for such
    :param storage: one of :data:`roadseg_core.bags.writer.STORAGES`
    :returns: the map of the bag's truth: ``label_map``, or, where the source knows road and not
        road alone, the map ``two``
    :raises DataError: if a frame cannot be read
    :raises OSError: if the bag cannot be written
    """
    with BagWriter(path, storage) as bag:
        numbers = tqdm(range(len(source)), source.name, unit=' frames', leave=False, disable=None)
        for index in numbers:
            frame = source.load(index)
            labels = label_map.road_truth(frame.labels) if source.road_only else frame.labels
            stamp_ns = FIRST_STAMP_NS + index * round(seconds * BILLION)
            bag.write_frame(
                camera, frame.image, labels, stamp_ns=stamp_ns, intrinsics=frame.intrinsics
            )
    return TWO if source.road_only else label_map
