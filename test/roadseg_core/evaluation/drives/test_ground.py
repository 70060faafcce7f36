"""Bags of cameras whose pose is known: the road is compared on the ground, too."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from evaluation_configs import configured
from street_fixtures import FIRST_STAMP_NS, PERIOD_NS, street

from roadseg_core.bags.cdr import header, message_types
from roadseg_core.bags.message_types import CAMERA_INFO_TYPE
from roadseg_core.bags.writer import BagWriter
from roadseg_core.evaluation.run import evaluate_bags
from roadseg_core.evaluation.settings.arguments import read_arguments
from roadseg_core.evaluation.settings.sections import GroundChoice, TruthChoice
from roadseg_core.evaluation.settings.values import EvaluationError

TOPICS = TruthChoice(topics={'*': '/truth/{camera}/label'})
POSE = (0.0, 0.0, 1.5, -1.8, 0.0, -1.5708)


def camera_info(focal: float, size: tuple[int, int] = (80, 120)) -> bytes:
    types = message_types().types
    region = types['sensor_msgs/msg/RegionOfInterest'](0, 0, 0, 0, False)
    k = np.array([focal, 0, 59.5, 0, focal, 39.5, 0, 0, bool(focal)])
    p, turn = np.zeros(12), np.eye(3).ravel()
    lens = header(FIRST_STAMP_NS, 'lens')
    message = types[CAMERA_INFO_TYPE](
        lens, *size, 'plumb_bob', np.zeros(5), k, turn, p, 0, 0, region
    )
    return bytes(message_types().serialize_cdr(message, CAMERA_INFO_TYPE))


def write_bag(
    path: Path,
    *,
    focal: float | None = 60.0,
    wrong: np.ndarray | None = None,
    size: tuple[int, int] = (80, 120),
) -> Path:
    with BagWriter(path) as bag:
        for number in range(3):
            stamp = FIRST_STAMP_NS + number * PERIOD_NS
            image, road = street(number)
            if focal is not None:
                info = camera_info(focal, size)
                bag.write('/camera/front/camera_info', CAMERA_INFO_TYPE, stamp, info)
            bag.write_frame('front', image, road if wrong is None else wrong, stamp_ns=stamp)
    return path


def evaluated(bag: Path, model: str, poses: dict) -> tuple[dict, list[dict]]:
    output = bag.parent / f'out{len(poses)}'
    report = evaluate_bags(
        configured(
            bags=(bag,), output=output, model=model, truth=TOPICS, ground=GroundChoice(poses=poses)
        )
    )
    lines = (output / 'frames.jsonl').read_text(encoding='utf-8').splitlines()
    return report, [json.loads(line) for line in lines]


def test_an_exact_model_is_exact_on_the_ground(tmp_path, exact_model) -> None:
    bag = write_bag(tmp_path / 'drive')
    report, rows = evaluated(bag, exact_model, {'front': POSE})
    assert [row['ground']['iou'] for row in rows] == [pytest.approx(1, abs=0.05)] * 3
    assert report['ground']['within_20_m']['false_free'] < 0.02
    assert 0.1 < report['ground']['within_20_m']['road_seen'] <= 1
    assert report['ground']['by_distance'][-1]['to_m'] == 30
    without, plain = evaluated(bag, exact_model, {})
    assert 'ground' not in without
    for row in rows:
        del row['ground']
    assert rows == plain


def test_a_calibration_of_another_size_costs_the_ground_alone(tmp_path, exact_model) -> None:
    bag = write_bag(tmp_path / 'drive', size=(160, 240))
    report, rows = evaluated(bag, exact_model, {'front': POSE})
    assert report['frames']['scored'] == 3 and report['frames']['truth_bad'] == 0
    assert [row['ground'] for row in rows] == [None] * 3
    assert report['ground']['within_20_m']['iou'] is None
    assert 'camera info of 240x160 for images of 120x80' in str(report['bags'])
    _, plain = evaluated(bag, exact_model, {})
    assert [row['road_iou'] for row in rows] == [row['road_iou'] for row in plain]


def test_invented_road_is_false_free(tmp_path, exact_model) -> None:
    nowhere = np.zeros((80, 120), np.uint8)
    report, _ = evaluated(
        write_bag(tmp_path / 'drive', wrong=nowhere), exact_model, {'front': POSE}
    )
    figures = report['ground']['within_20_m']
    assert figures['iou'] == 0
    assert figures['false_free'] > 0.8
    assert figures['road_seen'] is None


@pytest.mark.parametrize(
    ('focal', 'pose', 'said'),
    [
        (None, POSE, 'has no /camera/front/camera_info'),
        (0.0, POSE, 'focal lengths over 0|not calibrated'),
        (60.0, (0, 0, -1, 0, 0, 0), 'not over the ground'),
        (60.0, (0, 0, 1.5, 0, 0, 0), 'sees no cell of the ground grid'),
    ],
)
def test_what_cannot_be_compared_is_refused(tmp_path, exact_model, focal, pose, said) -> None:
    bag = write_bag(tmp_path / 'drive', focal=focal)
    with pytest.raises(EvaluationError, match=said):
        evaluated(bag, exact_model, {'front': pose})


@pytest.mark.parametrize(
    ('words', 'said'),
    [
        (['--pose', 'front=1,2,3'], '--pose.*expected six numbers'),
        (['--pose', 'front=1,2,a,0,0,0'], 'expected six numbers'),
        (['--pose', 'front=0,0,1.5,-1.6,0,-1.6'], 'without truth'),
    ],
)
def test_poses_that_say_nothing_are_refused(words, said) -> None:
    with pytest.raises(EvaluationError, match=said):
        read_arguments(['bag', *words])


def test_poses_are_read_from_the_command_line() -> None:
    config = read_arguments(
        ['bag', '--truth-topic', '/t', '--pose', 'front=0,0,1.5,-1.6,0,-1.6', '--hood', '0.05']
    )
    assert config.ground.poses == {'front': (0, 0, 1.5, -1.6, 0, -1.6)}
    assert config.ground.hood == 0.05
