"""Label images that came back, against the truth of the bag that was played."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from rosbags.rosbag2 import Writer

from roadseg_core.bags.cdr import image_cdr, message_types
from roadseg_core.bags.message_types import RAW_TYPE
from roadseg_core.evaluation.live.accounting import CAUSES, account
from roadseg_core.evaluation.live.results import LiveDrive, LiveRun, mono_images, output_topic
from roadseg_core.evaluation.live.scores import live_scores
from roadseg_core.evaluation.settings.sections import TruthChoice
from roadseg_core.labels import SEVEN, TWO, LabelMap

CAMERAS = ['front', 'left']
TRUTH = TruthChoice(topics={'*': '/truth/{camera}/label'}, label_map='two')


def answered(bag: Path, label_map: LabelMap, answer: Callable[[np.ndarray], np.ndarray]) -> LiveRun:
    """Return a run in which the node answered the truth of each frame, turned by ``answer``."""
    published = bag.with_name('published')
    with Writer(published, version=8) as writer:
        for camera in CAMERAS:
            connection = writer.add_connection(
                output_topic(camera, 'label', node='/n'), RAW_TYPE, typestore=message_types()
            )
            for _, stamp, truth in mono_images(bag, [f'/truth/{camera}/label']):
                labels = answer(truth.copy())
                message = image_cdr(labels, encoding='mono8', stamp_ns=stamp, frame_id=camera)
                writer.write(connection, stamp, message)
    accounting = account({}, {}, {'front': dict.fromkeys(('received', *CAUSES), 0)})
    drive = LiveDrive(bag, published, accounting, label_map=label_map.to_dict())
    return LiveRun('/n', (drive,))


def all_road(labels: np.ndarray) -> np.ndarray:
    return np.ones_like(labels)


def test_the_truth_itself_is_right(street_bag: Callable[..., Path]) -> None:
    bag = street_bag('drive', frames=3, cameras=tuple(CAMERAS))
    scores = live_scores(answered(bag, TWO, lambda truth: truth), TRUTH, CAMERAS)
    assert scores['frames'] == 6
    assert scores['road_iou'] == scores['miou'] == 1.0


def test_labels_of_other_classes_are_compared_as_road_or_not(
    street_bag: Callable[..., Path],
) -> None:
    bag = street_bag('drive', frames=3, cameras=tuple(CAMERAS))
    share = np.mean(
        [
            truth
            for camera in CAMERAS
            for _, _, truth in mono_images(bag, [f'/truth/{camera}/label'])
        ]
    )
    road = SEVEN.names.index('road')
    scores = live_scores(answered(bag, SEVEN, lambda truth: all_road(truth) * road), TRUTH, CAMERAS)
    assert not scores['by_class']
    assert scores['road_iou'] == pytest.approx(share, abs=1e-6)


def test_frames_that_were_not_evaluated_are_left_out(
    street_bag: Callable[..., Path], tmp_path: Path
) -> None:
    bag = street_bag('drive', frames=3, cameras=tuple(CAMERAS))
    stamps = [stamp for _, stamp, _ in mono_images(bag, ['/truth/left/label'])]
    rows = [{'camera': 'left', 'stamp_ns': stamp, 'index': i} for i, stamp in enumerate(stamps[1:])]
    (tmp_path / 'frames.jsonl').write_text('\n'.join(map(json.dumps, rows)), encoding='utf-8')
    run = answered(bag, TWO, all_road)
    assert live_scores(run, TRUTH, CAMERAS, parts={bag: tmp_path})['frames'] == 2


def test_without_truth_there_are_no_scores(street_bag: Callable[..., Path]) -> None:
    run = answered(street_bag('drive', frames=2, cameras=tuple(CAMERAS)), TWO, all_road)
    assert live_scores(run, TruthChoice(topics={'*': '/none'}), CAMERAS) is None
