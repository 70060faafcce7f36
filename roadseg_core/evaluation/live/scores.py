"""Compare the label images that came back from the node with the truth."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from tqdm import tqdm

from roadseg_core.bags.records import SourceError
from roadseg_core.data.label_sets import find_label_map
from roadseg_core.evaluation.drives.scoring import TruthCounts
from roadseg_core.evaluation.drives.truth import TruthError, open_truth
from roadseg_core.evaluation.live.accounting import FrameKey
from roadseg_core.evaluation.live.results import LiveDrive, LiveRun, mono_images, output_topic
from roadseg_core.evaluation.results.report import score_values
from roadseg_core.evaluation.settings.sections import TruthChoice
from roadseg_core.evaluation.settings.values import EvaluationError
from roadseg_core.labels import TWO
from roadseg_core.metrics import MetricsError
from roadseg_core.sources.opening import open_reader


def live_scores(
    run: LiveRun,
    truth: TruthChoice,
    cameras: Sequence[str],
    *,
    parts: Mapping[Path, Path] | None = None,
) -> dict[str, object] | None:
    """
    Compare what the node published with the truth of the bags that were played.

    :param parts: part of an evaluation by bag: frames are numbered as there, and others are left
        out; None where truth is found by stamp
    :returns: the section ``scores`` of report.json; None where nothing has truth
    :raises EvaluationError: if what was recorded cannot be read
    :raises LabelMapError: if the truth's label map is not known
    """
    label_map = run.label_map
    if label_map is None or not truth:
        return None
    truth_map = find_label_map(truth.label_map) if truth.label_map else label_map
    sums = TruthCounts(label_map, truth_map)
    frames = 0
    topics = {output_topic(camera, 'label', node=run.node): camera for camera in cameras}
    for drive in run.drives:
        if drive.accounting is None:
            continue
        index = read_index(parts[drive.path]) if parts else None
        pairs = _pairs(drive, truth, topics, index)
        try:
            for true, labels in tqdm(pairs, 'comparing', unit=' frames', leave=False, disable=None):
                try:
                    sums.update(true, labels)
                except MetricsError:
                    continue  # counted as bad truth by the evaluation without DDS
                frames += 1
        except SourceError as error:
            raise EvaluationError(f'{drive.published} cannot be read: {error}') from error
    if not frames:
        return None
    counted, by_class = label_map if sums.by_class else TWO, sums.by_class
    return score_values(sums.matrix.counts, counted, by_class=by_class, frames=frames)


def read_index(part: Path) -> dict[FrameKey, int]:
    """Return each frame's number among those of its camera, from a part of an evaluation."""
    with (part / 'frames.jsonl').open(encoding='utf-8') as file:
        rows = map(json.loads, file)
        return {(row['camera'], row['stamp_ns']): row['index'] for row in rows}


def _pairs(
    drive: LiveDrive, truth: TruthChoice, topics: dict[str, str], index: dict[FrameKey, int] | None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield truth and label image of the frames of a bag that came back."""
    with ExitStack() as stack:
        bag = stack.enter_context(open_reader(drive.path))
        truths = {
            camera: open_truth(truth, camera, bag=bag, only_camera=len(topics) == 1)
            for camera in topics.values()
        }
        for topic, stamp_ns, labels in mono_images(drive.published, topics):
            camera = topics[topic]
            number = 0 if index is None else index.get((camera, stamp_ns))
            if number is None or truths[camera] is None:
                continue
            try:
                true = truths[camera].find(number, stamp_ns)
            except TruthError:
                continue  # as above
            if true is not None:
                yield true, labels
