"""Pick a few frames of each camera and collect their pictures for the demo's page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from roadseg_core.evaluation.live.results import mono_images
from roadseg_core.labels import SEVEN, LabelMap
from roadseg_core.pipeline.outputs import overlay
from roadseg_core.report.pictures import Picture, error_image, painting, photograph
from roadseg_core.sources.source import Payload, Source


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


def collect_moments(
    camera: str,
    source: Source,
    *,
    decode: Callable[[Payload], np.ndarray],
    published: Path,
    topics: tuple[str, str],
    truth: tuple[Path, str] | None,
    label_map: LabelMap,
    count: int,
) -> list[Moment]:
    """
    Return up to ``count`` moments of a camera, from the frames that came back.

    :param source: what was played
    :param decode: turns a frame of the source into uint8 [H, W, 3], BGR
    :param published: bag of what the node published
    :param topics: topics of the label image and the road mask
    :param truth: bag and topic of the truth, of the map ``seven``; None without
    """
    came_back = [stamp for _, stamp, _ in mono_images(published, topics[:1])]
    stamps = choose_stamps(came_back, count)
    labels, masks = (_pick(published, topic, stamps) for topic in topics)
    truths = _pick(*truth, stamps) if truth else {}
    moments = []
    for frame in source.frames():
        stamp = frame.stamp_ns
        if stamp in labels:
            pictures = _pictures(
                decode(frame.payload), labels[stamp], masks.get(stamp), truths.get(stamp), label_map
            )
            moments.append(Moment(camera, (stamp - min(came_back)) / 1e9, pictures))
    return moments


def _pick(bag: Path, topic: str, stamps: list[int]) -> dict[int, np.ndarray]:
    return {stamp: image.copy() for _, stamp, image in mono_images(bag, [topic]) if stamp in stamps}


def _pictures(
    image: np.ndarray,
    labels: np.ndarray,
    mask: np.ndarray | None,
    truth: np.ndarray | None,
    label_map: LabelMap,
) -> tuple[Picture, ...]:
    large = cv2.resize(labels, image.shape[1::-1], interpolation=cv2.INTER_NEAREST_EXACT)
    road = label_map.road_mask(large)
    shown = [
        photograph('frame', image),
        photograph(
            'labels over frame',
            overlay(image, label_map, large, road, alpha=0.5, mode='palette'),
        ),
        painting('labels', label_map.colorize(labels)),
    ]
    if mask is not None:
        shown.append(painting('road mask', mask))
    if truth is not None:
        shown += [
            painting('truth', SEVEN.colorize(truth)),
            painting('errors', error_image(truth, labels, label_map, truth_map=SEVEN)),
        ]
    return tuple(shown)
