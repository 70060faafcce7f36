"""Pick a few frames of each camera and collect their pictures for the demo's page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from roadseg_core.evaluation.live.results import LiveRun, mono_images, output_topic
from roadseg_core.labels import SEVEN, LabelMap
from roadseg_core.pipeline.decoding import Fallback
from roadseg_core.report.pictures import Picture, error_image, painting, photograph
from roadseg_core.sources.source import Source


@dataclass(frozen=True)
class FramePictures:
    """The pictures of one frame of one camera."""

    camera: str
    seconds: float
    pictures: tuple[Picture, ...]


def collect_pictures(
    run: LiveRun,
    sources: Mapping[str, Source],
    truths: Mapping[str, str],
    *,
    count: int,
    fallback: Fallback | None = None,
) -> list[FramePictures]:
    """
    Return the pictures of up to ``count`` frames of each camera, from the frames that came back.

    :param run: of one drive
    :param sources: what was played, by camera
    :param truths: topic of the truth, of the map ``seven``, in the drive by camera
    :param fallback: decodes images that the pipeline does not know
    """
    drive, shown = run.drives[0], []
    for camera, source in sources.items():
        label_topic = output_topic(camera, 'label', node=run.node)
        mask_topic = output_topic(camera, 'road_mask', node=run.node)
        came_back = [stamp for _, stamp, _ in mono_images(drive.published, [label_topic])]
        stamps = choose_stamps(came_back, count)
        labels = pick_images(drive.published, label_topic, stamps)
        masks = pick_images(drive.published, mask_topic, stamps)
        truth = pick_images(drive.path, truths[camera], stamps) if camera in truths else {}
        for frame in source.frames():
            stamp = frame.stamp_ns
            if stamp in labels:
                image = frame.image(fallback)
                others = masks.get(stamp), truth.get(stamp)
                pictures = _pictures(run.label_map, image, labels[stamp], *others)
                shown.append(FramePictures(camera, (stamp - min(came_back)) / 1e9, pictures))
    return shown


def choose_stamps(stamps: list[int], count: int) -> list[int]:
    """Return ``count`` stamps (or all, if there are fewer), evenly spread, none at the ends."""
    ordered, count = sorted(stamps), min(count, len(stamps))
    return [ordered[int((index + 0.5) * len(ordered) / count)] for index in range(count)]


def pick_images(bag: Path, topic: str, stamps: list[int]) -> dict[int, np.ndarray]:
    """Return the mono8 images of a topic that have one of the stamps, by stamp."""
    return {stamp: image.copy() for _, stamp, image in mono_images(bag, [topic]) if stamp in stamps}


def _pictures(
    label_map: LabelMap,
    image: np.ndarray,
    labels: np.ndarray,
    mask: np.ndarray | None,
    truth: np.ndarray | None,
) -> tuple[Picture, ...]:
    shown = [
        photograph('frame', image),
        painting('labels over frame', label_map.colorize(labels), paint=True),
    ]
    if mask is not None:
        shown.append(painting('road mask', mask))
    if truth is not None:
        errors = error_image(truth, labels, label_map, truth_map=SEVEN)
        shown += [
            painting('truth over frame', SEVEN.colorize(truth), paint=True),
            painting('errors', errors),
        ]
    return tuple(shown)
