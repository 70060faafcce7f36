"""The evaluation of camera health: clips are found, faults are seeded, figures add up."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest

from roadseg_core.engines import open_engine
from roadseg_core.evaluation.health.clips import Clip, distinct, find_clips
from roadseg_core.evaluation.health.faults import FAULTS, SimulatedSensor
from roadseg_core.evaluation.health.report import summary, write_report
from roadseg_core.evaluation.health.run import is_long_enough, judge_clean, run_trials
from roadseg_core.geometry import Geometry
from roadseg_core.labels import SEVEN
from roadseg_core.rendering import Drive, DriveConfig

MODEL = Path(__file__).resolve().parents[4] / 'models' / 'unet_8.onnx'
SIZE = (320, 480)


@pytest.fixture(scope='module')
def frames() -> tuple[np.ndarray, np.ndarray]:
    drive = Drive(DriveConfig(5, 'urban', 5.0, 10.0, *SIZE))
    images = [drive.render('front', index).image for index in range(drive.frame_count)]
    return np.arange(len(images)) / 10.0, np.stack(images)


def test_camvid_is_cut_where_frames_are_missing(tmp_path):
    folder = tmp_path / 'camvid' / 'train'
    folder.mkdir(parents=True)
    for name in ('0001TP_006690', '0001TP_006720', '0001TP_009000', '0006R0_f00930'):
        cv2.imwrite(str(folder / f'{name}.jpg'), np.zeros((36, 48, 3), np.uint8))
    clips = [
        clip for clip in find_clips(tmp_path, Geometry('stretch', (32, 48))) if 'cam' in clip.name
    ]
    assert [(len(clip.read()[0]), clip.chosen) for clip in clips] == [
        (2, True),
        (1, True),
        (1, True),
    ]
    assert np.diff(clips[0].read()[0]) == pytest.approx([1.0])


def test_rendered_drives_need_no_data_and_are_of_both_parts():
    clips = list(find_clips(None, Geometry('stretch', (32, 48))))
    assert {clip.chosen for clip in clips} == {True, False}
    times, pictures = clips[0].read()
    assert pictures.shape == (len(times), 32, 48, 3)


def test_distinct_frames_are_counted_once():
    rng = np.random.default_rng(1)
    smalls = rng.integers(0, 250, (5, 20, 30), np.uint8)
    assert distinct(np.concatenate([smalls, smalls + 1, smalls[:2]])) == 5


@pytest.mark.parametrize('name', FAULTS)
def test_faults_depend_on_their_seed_alone(name, frames):
    picture = frames[1][0]
    made = [FAULTS[name].make(np.random.default_rng(4), SIZE, 100.0)(picture) for _ in range(2)]
    assert np.array_equal(*made)
    assert made[0].shape == picture.shape and made[0].dtype == np.uint8
    if name == 'mud, 40 %':
        changed = np.abs(made[0].astype(int) - picture).max(axis=2) > 8
        assert 0.3 < changed.mean() < 0.5


def test_a_sensor_gives_no_two_pictures_alike():
    grey = np.full((*SIZE, 3), 90, np.uint8)
    sensor = SimulatedSensor(np.random.default_rng(2), SIZE, 1.2, 3.0)
    first, second = sensor(grey), sensor(grey)
    assert not np.array_equal(first, second)
    assert first.mean() == pytest.approx(108, abs=1)


def test_trials_find_what_is_plain_to_see(frames):
    assert is_long_enough(frames)
    clip = Clip('street', False, lambda: frames)
    trials = list(run_trials([(clip, frames)], SEVEN, 4))
    assert len(trials) == 4 * len(FAULTS)
    found = {name: [t for t in trials if t.fault == name] for name in FAULTS}
    for name in ('frozen', 'black', 'white', 'covered'):
        assert all(trial.seconds is not None for trial in found[name])
    again = list(run_trials([(clip, frames)], SEVEN, 4))
    assert again == trials


def test_a_clean_clip_has_figures_and_no_alarm(frames):
    pictures = frames[1][:6]
    with closing(open_engine(MODEL, outputs=('labels', 'confidence'))) as engine:
        for stills in (False, True):
            clip = Clip('street', False, lambda: None, stills)
            outcome = judge_clean(clip, (frames[0][:6], pictures), engine, None)
            assert (outcome.degraded, outcome.unusable, outcome.reasons) == (0, 0, ())
            assert 0.0 < outcome.extremes['focus'] < 3.0


def test_report_pages_and_tables_hold_every_clip_and_fault(tmp_path):
    part = {'trials': 2, 'clips': 1, 'found': 1, 'seconds': [0.5], 'most_frames': 4}
    report = {
        'clips': [
            {
                'clip': 'a street',
                'chosen': True,
                'frames': 9,
                'distinct': 8,
                'degraded': 1,
                'unusable': 0,
                'reasons': ['out of focus'],
            }
        ],
        'faults': [
            {'fault': name, 'reason': 'r', 'within': '1 s', 'chosen': part, 'others': part}
            for name in FAULTS
        ],
        'frames': 9,
        'distinct_frames': 8,
        'runs_of_a_clip': 3,
        'false_degraded': 1,
        'false_unusable': 0,
        'model': {'file': 'model.onnx'},
        'extremes': {'chosen': {'focus': 0.7}},
    }
    write_report(tmp_path / 'page.html', report, [tmp_path / 'a b' / 'health.json'])
    page = (tmp_path / 'page.html').read_text(encoding='utf-8')
    for text in (summary(report), summary(report, markdown=True), page):
        assert 'a street' in text
        assert all(name in text for name in FAULTS)
        assert '1 of 2' in text
    assert '<a href="a%20b/health.json">a b/health.json</a>' in page
