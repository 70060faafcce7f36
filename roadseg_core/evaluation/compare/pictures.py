"""Pictures of the frames on which two models differ most."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import cv2
import numpy as np

from roadseg_core.bags.images import decode, read_stamp
from roadseg_core.engines import Engine, segment_image
from roadseg_core.evaluation.compare.figures import Key
from roadseg_core.evaluation.drives.scoring import truth_label_map
from roadseg_core.evaluation.drives.segmenting import open_model
from roadseg_core.evaluation.drives.truth import TruthError, open_truth
from roadseg_core.evaluation.settings.config import EvaluationConfig
from roadseg_core.pipeline.conversion import ConversionError
from roadseg_core.pipeline.frame import OutputOptions
from roadseg_core.report.pictures import Picture, painting, photograph
from roadseg_core.sources.opening import open_reader

_FIRST_ALONE, _SECOND_ALONE = (40, 40, 220), (220, 120, 30)


def picture_frames(
    keys: tuple[Key, ...],
    topics: dict[str, dict[str, str]],
    config: tuple[EvaluationConfig, EvaluationConfig],
) -> dict[Key, tuple[Picture, ...]]:
    """
    Run both models on some frames again, and picture what they say.

    :param topics: image topics by camera, by the bag as the keys name it
    :param config: how the two models were evaluated
    """
    shown: dict[Key, tuple[Picture, ...]] = {}
    if not keys:
        return shown
    with ExitStack() as stack:
        engines = [stack.enter_context(closing(open_model(one))) for one in config]
        for bag in sorted({key[0] for key in keys}):
            wanted = {key for key in keys if key[0] == bag}
            for key, image, truth in _frames(Path(bag), topics[bag], wanted, config[0]):
                shown[key] = _pictures(image, truth, engines, config)
    return {key: shown[key] for key in keys if key in shown}


def _frames(
    bag: Path, topics: dict[str, str], wanted: set[Key], config: EvaluationConfig
) -> Iterator[tuple[Key, np.ndarray, np.ndarray | None]]:
    """Yield the wanted frames of a bag with their truth, where there is any."""
    by_stamp = {(key[1], key[2]): key for key in wanted}
    cameras = {
        topic: camera for camera, topic in topics.items() if any(camera == key[1] for key in wanted)
    }
    with open_reader(bag) as reader, open_reader(bag) as truth_reader:
        truths = {
            camera: open_truth(config.truth, camera, bag=truth_reader, only_camera=len(topics) == 1)
            for camera in cameras.values()
        }
        for message in reader.messages(list(cameras)):
            if not by_stamp:
                return
            camera = cameras[message.topic]
            try:
                stamp_ns = read_stamp(message.data) or message.time_ns
                key = by_stamp.pop((camera, stamp_ns), None)
                if key is None:
                    continue
                image = decode(message, reader.topics[message.topic].type, config.fallback)
            except ConversionError:
                continue  # counted as bad in both evaluations
            source = truths[camera]
            try:
                truth = source.find(key[3], stamp_ns) if source is not None else None
            except TruthError:
                truth = None
            yield key, image, truth


def _pictures(
    image: np.ndarray,
    truth: np.ndarray | None,
    engines: list[Engine],
    config: tuple[EvaluationConfig, EvaluationConfig],
) -> tuple[Picture, ...]:
    paints, masks = [], []
    for engine, one in zip(engines, config):
        info = engine.info
        frame, result = segment_image(engine, image)
        outputs = frame.outputs(
            result,
            0,
            ('road_mask', 'label'),
            label_map=info.label_map,
            options=OutputOptions(road_threshold=one.road_threshold),
        )
        paints.append(info.label_map.colorize(outputs['label']))
        masks.append(outputs['road_mask'].copy())
    pictures = [
        photograph('frame', image),
        painting('A', paints[0], paint=True),
        painting('B', paints[1], paint=True),
        photograph('difference', difference_image(image, *masks)),
    ]
    if truth is not None:
        truth_map = truth_label_map(config[0], engines[0].info.label_map)
        pictures.append(painting('truth', truth_map.colorize(truth), paint=True))
    return tuple(pictures)


def difference_image(image: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """
    Paint on a grey frame where one road mask alone says road: uint8 [H, W, 3], BGR.

    :param image: uint8 [H, W, 3], BGR
    :param first: uint8 [H, W], 0 or 255; alone: red
    :param second: uint8 [H, W], 0 or 255; alone: blue
    """
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) // 2 + 60
    painted = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
    painted[(first > 0) & (second == 0)] = _FIRST_ALONE
    painted[(second > 0) & (first == 0)] = _SECOND_ALONE
    return painted
