"""What ros2 launch ignores, refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadseg_ros.launching.arguments import check_log_level, refuse_unknown

KNOWN = ('cameras', 'fps')
LAUNCH_FILE = Path(__file__).parents[3] / 'launch' / 'seg.launch.py'


@pytest.mark.parametrize(
    'words',
    [
        ['roadseg_ros', 'seg.launch.py', 'fps:=3', 'camera:=left'],
        ['--noninteractive', 'roadseg_ros', 'seg.launch.py', 'camera:=left'],
        [str(LAUNCH_FILE), 'camera:=left'],
    ],
)
def test_an_unknown_argument_is_refused(words: list[str]):
    with pytest.raises(ValueError, match=r"no launch argument 'camera'; did you mean cameras:="):
        refuse_unknown(
            ['ros2', 'launch', *words], KNOWN, package='roadseg_ros', launch_file=LAUNCH_FILE
        )


@pytest.mark.parametrize(
    'words',
    [
        ['roadseg_ros', 'seg.launch.py', 'fps:=3', 'cameras:=left'],
        ['roadseg_ros', 'seg.launch.py'],
        ['bringup', 'seg.launch.py', 'mine:=1'],
        ['bringup', 'car.launch.py', 'mine:=1'],
        ['/elsewhere/seg.launch.py', 'mine:=1'],
        [],
    ],
)
def test_known_ones_and_those_of_other_launch_files_pass(words: list[str]):
    refuse_unknown(
        ['ros2', 'launch', *words], KNOWN, package='roadseg_ros', launch_file=LAUNCH_FILE
    )


def test_log_levels():
    for text in ('info', 'DEBUG', 'rcl:=warn', 'car.segmentation:=fatal'):
        assert check_log_level(text) == text
    for text in ('loud', '', 'info,debug', 'rcl:=loud'):
        with pytest.raises(ValueError, match='log_level:='):
            check_log_level(text)
