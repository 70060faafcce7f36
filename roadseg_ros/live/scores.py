"""The accuracy of the label images that came back from the node."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from roadseg_core.bags.images import parse_raw
from roadseg_core.bags.reader import BagReader
from roadseg_core.bags.records import BagError
from roadseg_core.evaluation.drives.report import score_values
from roadseg_core.evaluation.drives.scoring import Comparison, truth_label_map
from roadseg_core.evaluation.drives.truth import TruthError, open_truth
from roadseg_core.evaluation.settings.settings import EvaluationError, Settings
from roadseg_core.labels import TWO, LabelMap
from roadseg_core.metrics import MetricsError

Index = dict[tuple[str, int], int]
"""Number among the frames that a camera recorded, by camera and stamp."""


def live_scores(
    bags: dict[Path, Path],
    settings: Settings,
    label_map: LabelMap,
    *,
    parts: dict[Path, Path],
    topics: dict[str, str],
) -> dict[str, object] | None:
    """
    Compare what the node published with the truth.

    :param bags: bag of what was published by the bag that was played
    :param label_map: the node's
    :param parts: part of the evaluation by the bag that was played
    :param topics: label topic by camera
    :returns: the section ``scores`` of report.json; None where nothing has truth
    :raises EvaluationError: if what was recorded cannot be read
    """
    sums = Comparison(label_map, truth_label_map(settings, label_map))
    frames = 0
    for path, published in bags.items():
        index = read_index(parts[path])
        try:
            for truth, labels in _pairs(path, published, settings, index, topics):
                try:
                    sums.update(truth, labels)
                except MetricsError:
                    continue  # counted as bad truth by the evaluation without DDS
                frames += 1
        except BagError as error:
            raise EvaluationError(f'{published} cannot be read: {error}') from error
    if not frames:
        return None
    return score_values(
        sums.matrix.counts,
        label_map if sums.by_class else TWO,
        by_class=sums.by_class,
        frames=frames,
    )


def read_index(part: Path) -> Index:
    """Return the frames' numbers, from a part of an evaluation."""
    index = {}
    with (part / 'frames.jsonl').open(encoding='utf-8') as file:
        for line in file:
            row = json.loads(line)
            index[row['camera'], row['stamp_ns']] = row['index']
    return index


def _pairs(
    path: Path, published: Path, settings: Settings, index: Index, topics: dict[str, str]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield truth and label image of the frames of a bag that came back."""
    cameras = {topic: camera for camera, topic in topics.items()}
    with ExitStack() as stack:
        bag = stack.enter_context(BagReader(path))
        answers = stack.enter_context(BagReader(published))
        truths = {
            camera: open_truth(settings.truth, camera, bag=bag, only_camera=len(topics) == 1)
            for camera in topics
        }
        for message in answers.messages([topic for topic in cameras if topic in answers.topics]):
            image = parse_raw(message.data)
            camera = cameras[message.topic]
            number = index.get((camera, image.stamp_ns))
            if number is None or truths[camera] is None:
                continue
            try:
                truth = truths[camera].find(number, image.stamp_ns)
            except TruthError:
                continue  # as above
            if truth is not None:
                rows = np.frombuffer(image.data, np.uint8).reshape(image.height, image.step)
                yield truth, rows[:, : image.width]
