"""Pick a few moments and collect their pictures for the report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from roadseg_core.labels import SEVEN, LabelMap
from roadseg_core.pipeline.outputs import overlay
from roadseg_core.report.pictures import Picture, error_image, painting, photograph
from roadseg_core.sources.source import Source
from roadseg_ros.demonstration.scoring import mono_images
from roadseg_ros.live.recorder import output_topic
from roadseg_ros.player.encoding import decode


@dataclass(frozen=True)
class Moment:
    """The pictures of one frame of one camera."""

    camera: str
    seconds: float
    pictures: tuple[Picture, ...]


def choose_stamps(stamps: list[int], count: int) -> list[int]:
    """Return ``count`` stamps (or all, if there are fewer), evenly spread, none at the ends."""
    ordered = sorted(stamps)
    if len(ordered) <= count:
        return ordered
    return [ordered[round((index + 0.5) * len(ordered) / count - 0.5)] for index in range(count)]


def collect(
    camera: str,
    stamps: list[int],
    *,
    source: Source,
    published: Path,
    truth: tuple[Path, str] | None,
    label_map: LabelMap,
    first_stamp: int,
) -> list[Moment]:
    """
    Return the moments of a camera.

    :param source: what was played
    :param published: bag of what the node published
    :param truth: bag and topic of the truth, or None
    """
    wanted = set(stamps)
    images = {
        frame.stamp_ns: decode(frame.payload)
        for frame in source.frames()
        if frame.stamp_ns in wanted
    }
    labels = _pick(published, output_topic(camera, 'label'), wanted)
    masks = _pick(published, output_topic(camera, 'road_mask'), wanted)
    truths = _pick(*truth, wanted) if truth else {}
    return [
        Moment(
            camera,
            (stamp - first_stamp) / 1e9,
            _pictures(images[stamp], labels[stamp], masks.get(stamp), truths.get(stamp), label_map),
        )
        for stamp in stamps
        if stamp in images and stamp in labels
    ]


def _pick(bag: Path, topic: str, wanted: set[int]) -> dict[int, np.ndarray]:
    return {stamp: image for stamp, image in mono_images(bag, topic) if stamp in wanted}


def _pictures(
    image: np.ndarray,
    labels: np.ndarray,
    mask: np.ndarray | None,
    truth: np.ndarray | None,
    label_map: LabelMap,
) -> tuple[Picture, ...]:
    size = (image.shape[1], image.shape[0])
    shown = [photograph('frame', image)]
    coloured = painting('labels', label_map.colorize(labels))
    if truth is not None:
        shown += [painting('truth', label_map.colorize(truth)), coloured]
    else:
        large = cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST_EXACT)
        shown += [
            photograph(
                'labels over frame',
                overlay(
                    image, label_map, large, label_map.road_mask(large), alpha=0.5, mode='palette'
                ),
            ),
            coloured,
        ]
    if mask is not None:
        shown.append(painting('road mask', mask))
    if truth is not None:
        shown.append(painting('errors', error_image(truth, labels, label_map, truth_map=SEVEN)))
    return tuple(shown)
