"""Truth that is not where it was said to be, or not whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from evaluation_configs import configured

from roadseg_core.evaluation.results.terminal import describe_report
from roadseg_core.evaluation.run import evaluate_bags
from roadseg_core.evaluation.settings.sections import TruthChoice
from roadseg_core.evaluation.settings.values import EvaluationError

TOPICS = TruthChoice(topics={'*': '/truth/{camera}/label'})


@pytest.fixture
def evaluated(tmp_path: Path, exact_model: str) -> Callable[..., dict]:
    """Return a function that evaluates bags, and returns the report."""

    def run(*bags: Path, **settings: object) -> dict:
        return evaluate_bags(
            configured(
                bags=bags, output=tmp_path / 'out', model=exact_model, consistency=False, **settings
            )
        )

    return run


def write_labels(folder: Path, *, value: int, frames: int = 3) -> None:
    """Write truth of one class, by index."""
    folder.mkdir(parents=True)
    for index in range(frames):
        cv2.imwrite(str(folder / f'{index}.png'), np.full((80, 120), value, np.uint8))


def test_a_truth_topic_that_is_not_there_is_said(street_bag, evaluated, tmp_path) -> None:
    report = evaluated(street_bag('drive', frames=2), truth=TruthChoice(topics={'*': '/typo'}))
    assert report['exit_code'] == 2 and report['scores'] is None
    said = '\n'.join(describe_report(report, tmp_path))
    assert 'LOST' in said and 'no frame could be compared with truth' in said
    assert 'camera front: no truth: the bag has no topic /typo' in said


def test_frames_without_truth_are_said(street_bag, evaluated, tmp_path) -> None:
    write_labels(tmp_path / 'labels', value=0, frames=2)
    report = evaluated(
        street_bag('drive', frames=5), truth=TruthChoice(folder=tmp_path / 'labels', key='index')
    )
    assert report['exit_code'] == 0
    assert 'camera front: 3 of 5 frames have no truth' in report['bags'][0]['notes']


def test_truth_messages_that_are_damaged_are_losses(street_bag, evaluated) -> None:
    bag = street_bag('drive', frames=6, mcap=False)
    with sqlite3.connect(next(bag.glob('*.db3'))) as database:
        database.execute(
            'UPDATE messages SET data = ? WHERE id = (SELECT min(id) FROM messages WHERE '
            "topic_id = (SELECT id FROM topics WHERE name = '/truth/front/label'))",
            (b'\0\1\0',),
        )
    report = evaluated(bag, truth=TOPICS)
    assert report['exit_code'] == 2 and report['bags'][0]['status'] == 'damaged'
    assert '/truth/front/label: a message is damaged' in report['bags'][0]['problems']
    frames = report['frames']
    assert (frames['scored'], frames['truth_bad'], frames['truth_missing']) == (5, 1, 0)


def test_a_folder_for_one_of_two_cameras_is_enough(street_bag, evaluated, tmp_path) -> None:
    write_labels(tmp_path / 'labels' / 'left', value=0)
    report = evaluated(
        street_bag('drive', frames=3, cameras=('front', 'left')),
        truth=TruthChoice(folder=tmp_path / 'labels', key='index'),
    )
    assert report['exit_code'] == 0 and report['frames']['scored'] == 3
    assert any(
        'camera front: no truth: the truth folder' in note for note in report['bags'][0]['notes']
    )


def test_each_bag_has_truth_of_its_own(street_bag, evaluated, tmp_path) -> None:
    bags = [street_bag('one', frames=3), street_bag('two', frames=3)]
    truth = TruthChoice(folder=tmp_path / 'labels', key='index')
    write_labels(tmp_path / 'labels' / 'one', value=0)
    write_labels(tmp_path / 'labels' / 'two' / 'front', value=1)
    report = evaluated(*bags, truth=truth)
    assert report['exit_code'] == 0 and report['frames']['scored'] == 6
    shares = report['scores']['truth_share']
    assert shares == {'not road': 0.5, 'road': 0.5}


def test_bags_that_would_share_numbers_are_refused(street_bag, evaluated, tmp_path) -> None:
    write_labels(tmp_path / 'labels', value=0)
    with pytest.raises(EvaluationError, match='expected a folder for each bag'):
        evaluated(
            street_bag('one', frames=1),
            street_bag('two', frames=1),
            truth=TruthChoice(folder=tmp_path / 'labels', key='index'),
        )
