"""Tests of the video file."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from roadseg_core.report.video import video_file


@pytest.fixture(params=['vp9', 'mpeg4'])
def codec(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return how OpenCV names what is written with PyAV, or without it."""
    if request.param == 'mpeg4':
        monkeypatch.setitem(sys.modules, 'av', None)
        return 'mp4v'
    pytest.importorskip('av')
    return 'vp09'


def test_frames_come_back_in_the_size_of_the_first(tmp_path: Path, codec: str) -> None:
    path = tmp_path / 'new' / 'drive.mp4'
    with video_file(path, 10.0) as write:
        for level, size in ((40, (49, 81, 3)), (120, (49, 81, 3)), (200, (60, 90, 3))):
            write(np.full(size, level, np.uint8))
    assert codec.encode() in path.read_bytes()
    capture = cv2.VideoCapture(str(path))
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(10.0)
    levels = []
    while (frame := capture.read())[0]:
        assert frame[1].shape == (48, 80, 3)
        levels.append(float(frame[1].mean()))
    assert levels == pytest.approx([40, 120, 200], abs=6)
    assert [file.name for file in path.parent.iterdir()] == ['drive.mp4']


def test_a_block_that_fails_leaves_nothing(tmp_path: Path, codec: str) -> None:
    def fail() -> None:
        with video_file(tmp_path / 'drive.mp4', 10.0) as write:
            write(np.zeros((32, 32, 3), np.uint8))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_no_frame_is_no_file(tmp_path: Path) -> None:
    with video_file(tmp_path / 'drive.mp4', 10.0):
        pass
    assert list(tmp_path.iterdir()) == []


def test_another_kind_of_video_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='ends in .mp4'), video_file(tmp_path / 'drive.avi', 10.0):
        pass
