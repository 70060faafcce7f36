"""``roadseg check-data``: what is in a data set, and what is wrong with it."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from roadseg_core.cli import main

# The command says itself what it lacks.
pytest.importorskip('PIL')


def check(capsys, *arguments: str) -> tuple[int, dict]:
    """Run the command; return its status and the report."""
    status = main(['check-data', *arguments, '--json'])
    return status, json.loads(capsys.readouterr().out)


def test_a_sound_set_is_counted_and_drawn(layouts, capsys, tmp_path):
    layouts.kitti_road()
    # Frames of one grey value look alike: that is worth a line, but nothing is wrong.
    status, report = check(
        capsys,
        'kitti_road',
        '--root',
        str(layouts.root),
        '--output',
        str(tmp_path / 'sheets'),
        '--sheet',
        '4',
    )
    assert status == 0 and report['passed']
    train, val = report['splits']
    assert (train['frames'], val['frames'], train['sizes']) == (12, 3, {'4x6': 12})
    assert [entry['share'] for entry in train['labels']] == [0.25, 0.25]
    assert [entry['becomes'] for entry in train['labels']] == ['not road', 'road']
    assert train['unlabelled_share'] == 0.5 and train['repeated']
    for path in report['contact_sheets']:
        assert cv2.imread(path).shape[1] > 900


def test_only_so_many_frames_are_read(layouts, capsys, tmp_path):
    layouts.kitti_road()
    status, report = check(
        capsys,
        'kitti_road',
        'frames=4',
        '--root',
        str(layouts.root),
        '--output',
        str(tmp_path / 'sheets'),
    )
    assert status == 0
    assert [(split['frames'], split['readable']) for split in report['splits']] == [(4, 4), (3, 3)]


def test_what_is_wrong_is_named(layouts, capsys, tmp_path):
    folder = layouts.camvid(frames=6)
    truth = folder / 'trainannot' / '0016E5_00000.png'
    cv2.imwrite(str(truth), np.full((8, 12), 12, np.uint8))
    (folder / 'trainannot' / '0016E5_00001.png').write_bytes(b'')
    (folder / 'train' / '0016E5_00002.png').unlink()
    (folder / 'trainannot' / '0016E5_00003.png').unlink()
    cv2.imwrite(str(folder / 'trainannot' / '0016E5_00004.png'), np.zeros((8, 11), np.uint8))
    status, report = check(
        capsys, 'camvid:train', '--root', str(layouts.root), '--output', str(tmp_path / 'sheets')
    )
    (split,) = report['splits']
    assert status == 1 and not report['passed']
    assert (split['frames'], split['readable']) == (4, 2)
    assert split['outside'] == {'id 12': {'frames': 1, 'pixels': 96}}
    problems = '\n'.join(split['problems'])
    for sentence in (
        '0016E5_00000.png: id 12 is outside the label map',
        '0016E5_00001.png: no readable image',
        '0016E5_00002.png: no image for this truth',
        '0016E5_00003.png: no truth for this image',
        '0016E5_00004.png: 11x8 pixels; expected 12x8 pixels',
    ):
        assert sentence in problems
    assert len(split['problems']) == 5


def test_the_same_picture_in_two_splits_is_found(layouts, capsys):
    layouts.camvid()
    _, report = check(capsys, 'camvid', '--root', str(layouts.root), '--sheet', '0')
    assert any(
        'the same picture as train frame 0016E5_00000' in sentence
        for sentence in report['splits'][1]['repeated']
    )
    assert report['contact_sheets'] == []
    assert [sentence.rpartition('/')[2] for sentence in report['absent']] == [
        'test: no such folder'
    ]


@pytest.mark.parametrize('coded', ['ids', 'colours'])
def test_streets_of_ones_own_are_checked_against_their_map(layouts, capsys, coded):
    options = [f'{key}={value}' for key, value in layouts.streets(coded=coded).items()]
    status, report = check(capsys, 'folder', *options, '--root', str(layouts.root), '--sheet', '0')
    assert status == 0 and report['label_map'] == 'streets'
    assert [entry['name'] for entry in report['splits'][0]['labels'] if entry['pixels']] == [
        'lane',
        'grass',
        'unknown',
    ]


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['camvid', 'crop'], "option 'crop'; expected key=value"),
        (['kitti'], "'kitti'; expected one of"),
        (['camvid', 'colour=red'], 'colour: no such option'),
        (['camvid', 'folder=nowhere'], 'nowhere'),
        (['camvid:test'], 'no split is there'),
    ],
)
def test_mistakes_are_answered(layouts, capsys, arguments, message):
    layouts.camvid()
    assert main(['check-data', *arguments, '--root', str(layouts.root)]) == 1
    assert message in capsys.readouterr().err
