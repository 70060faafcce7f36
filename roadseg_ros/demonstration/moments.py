"""Pick a few moments and collect their pictures for the report."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from roadseg_core.labels import LabelMap
from roadseg_core.pipeline.outputs import overlay
from roadseg_ros.demonstration.recorder import output_topic
from roadseg_ros.demonstration.scoring import error_image, mono_images
from roadseg_ros.playing.encoding import decode
from roadseg_ros.playing.source import Source

_WIDTH = 420


@dataclass(frozen=True)
class Picture:
    """A caption and an image as a data URI."""

    caption: str
    uri: str


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


def collect(camera: str, stamps: list[int], *, source: Source, published: Path,
            truth: tuple[Path, str] | None, label_map: LabelMap, first_stamp: int,
            ) -> list[Moment]:
    """
    Return the moments of a camera.

    :param source: what was played
    :param published: bag of what the node published
    :param truth: bag and topic of the truth, or None
    """
    wanted = set(stamps)
    images = {frame.stamp_ns: decode(frame.payload)
              for frame in source.frames() if frame.stamp_ns in wanted}
    labels = _pick(published, output_topic(camera, 'label'), wanted)
    masks = _pick(published, output_topic(camera, 'road_mask'), wanted)
    truths = _pick(*truth, wanted) if truth else {}
    return [
        Moment(camera, (stamp - first_stamp) / 1e9, _pictures(
            images[stamp], labels[stamp], masks.get(stamp), truths.get(stamp), label_map))
        for stamp in stamps if stamp in images and stamp in labels]


def _pick(bag: Path, topic: str, wanted: set[int]) -> dict[int, np.ndarray]:
    return {stamp: image for stamp, image in mono_images(bag, topic) if stamp in wanted}


def _pictures(image: np.ndarray, labels: np.ndarray, mask: np.ndarray | None,
              truth: np.ndarray | None, label_map: LabelMap) -> tuple[Picture, ...]:
    size = (image.shape[1], image.shape[0])
    shown = [('frame', image, '.jpg')]
    if truth is not None:
        shown.append(('truth', label_map.colorize(truth), '.png'))
        shown.append(('labels', label_map.colorize(labels), '.png'))
    else:
        large = cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST_EXACT)
        shown.append(('labels over frame', overlay(
            image, label_map, large, label_map.road_mask(large), alpha=0.5, mode='palette'),
            '.jpg'))
        shown.append(('labels', label_map.colorize(labels), '.png'))
    if mask is not None:
        shown.append(('road mask', cv2.cvtColor(mask, cv2.COLOR_GRAY2BGR), '.png'))
    if truth is not None:
        shown.append(('errors', error_image(truth, labels, label_map), '.png'))
    return tuple(Picture(caption, _uri(picture, suffix)) for caption, picture, suffix in shown)


def _uri(image: np.ndarray, suffix: str) -> str:
    """Return an image, shrunk, as a data URI: JPEG for photographs, PNG for flat colours."""
    height, width = image.shape[:2]
    if width > _WIDTH:
        image = cv2.resize(
            image, (_WIDTH, max(1, round(height * _WIDTH / width))),
            interpolation=cv2.INTER_AREA if suffix == '.jpg' else cv2.INTER_NEAREST_EXACT)
    done, data = cv2.imencode(suffix, image)
    if not done:
        raise ValueError(f'image of {image.shape} cannot be written as {suffix}')
    kind = 'jpeg' if suffix == '.jpg' else 'png'
    return f'data:image/{kind};base64,{base64.b64encode(data.tobytes()).decode("ascii")}'
