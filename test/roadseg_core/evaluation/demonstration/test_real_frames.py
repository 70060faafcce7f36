"""The photographs that the demo's page shows, and what is counted on them."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from roadseg_core.evaluation.demonstration import real_frames
from roadseg_core.evaluation.demonstration.real_frames import (
    class_shares,
    segment_real_frames,
    try_real_frames,
)
from roadseg_core.labels import SEVEN

STREETS = Path(real_frames.__file__).with_name('streets')
LABELS = np.zeros((10, 20), np.uint8)
LABELS[:, 15:] = 2


def test_classes_are_counted_inside_an_outline_alone() -> None:
    left, right = [[0, 0], [14, 0], [14, 9], [0, 9]], [[15, 0], [19, 0], [19, 9], [15, 9]]
    assert class_shares(LABELS, left, SEVEN) == {SEVEN.names[0]: 1.0}
    assert class_shares(LABELS, right, SEVEN) == {SEVEN.names[2]: 1.0}
    assert class_shares(LABELS, [[0, 0], [19, 0], [19, 9], [0, 9]], SEVEN) == {
        SEVEN.names[0]: 0.75,
        SEVEN.names[2]: 0.25,
    }


def test_every_photograph_is_shown_with_both_places(model: str) -> None:
    found = list(segment_real_frames(Path(model), 'openvino'))
    assert {frame.file for frame in found} == {file.name for file in STREETS.glob('*.jpg')}
    for frame in found:
        assert frame.about and set(frame.shares) == {'lanes', 'hard shoulder'}
        picture, paint = frame.pictures
        assert picture.data == (STREETS / frame.file).read_bytes() and paint.paint
        for shares in frame.shares.values():
            assert 0.9 < sum(shares.values()) <= 1.0001
            assert list(shares.values()) == sorted(shares.values(), reverse=True)


def test_photographs_that_cannot_be_segmented_say_why(tmp_path: Path) -> None:
    wrong = tmp_path / 'wrong.onnx'
    wrong.write_bytes(b'no model')
    for model in (wrong, tmp_path / 'gone.onnx'):
        frames, problem = try_real_frames(model, 'auto')
        assert not frames and model.name in problem


def test_photographs_are_small_and_come_with_licence_and_origin() -> None:
    files = list(STREETS.glob('*.jpg'))
    assert sum(file.stat().st_size for file in files) < 250_000
    assert all(cv2.imread(str(file)).shape == (360, 640, 3) for file in files)
    assert 'The above copyright notice and this permission notice' in real_frames.notice()
    assert 'CarND-Advanced-Lane-Lines' in (STREETS / 'README.md').read_text(encoding='utf-8')


def test_outlines_lie_in_the_pictures() -> None:
    for shown in json.loads((STREETS / 'outlines.json').read_text(encoding='utf-8')):
        for corners in shown['outlines'].values():
            corner = np.asarray(corners)
            assert corner.min() >= 0 and (corner <= (640, 360)).all()
