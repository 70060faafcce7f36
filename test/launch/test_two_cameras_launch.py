"""two_cameras.launch.py, run by launch with executables that tell how they were started."""

from __future__ import annotations

from pathlib import Path

import pytest

# Not a bare `launch`: without ROS that name finds this project's own folder.
pytest.importorskip('launch.actions', reason='launch is not installed')
pytest.importorskip('launch_ros.actions', reason='launch_ros is not installed')

from launch.actions import IncludeLaunchDescription, RegisterEventHandler, Shutdown
from launch.event_handlers import OnProcessExit
from launch.events.process import ProcessExited
from launch.launch_description_sources import PythonLaunchDescriptionSource

from launch import LaunchContext, LaunchDescription, LaunchService

PROJECT = Path(__file__).parents[2]


def install(prefix: Path, package: str, executable: str) -> Path:
    """Install a package whose executable appends its settings to a file; return the file."""
    marker = prefix / 'share/ament_index/resource_index/packages' / package
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.touch()
    share = prefix / 'share' / package
    share.mkdir()
    for folder in ('config', 'launch', 'models'):
        (share / folder).symlink_to(PROJECT / folder)
    told = prefix / f'{executable}.txt'
    script = prefix / 'lib' / package / executable
    script.parent.mkdir(parents=True)
    script.write_text(
        f'#!/bin/sh\n{{ echo "profile=$FASTDDS_DEFAULT_PROFILES_FILE"; echo "$@"; '
        f'for file in "$@"; do [ -f "$file" ] && cat "$file"; done; }} >> {told}\n',
        encoding='utf-8',
    )
    script.chmod(0o755)
    return told


def test_both_drivers_get_the_profile_and_the_node_both_cameras(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in ('FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv('ROS_DISTRO', 'kilted')
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path))
    monkeypatch.setenv('ROS_LOG_DIR', str(tmp_path / 'log'))
    driver = install(tmp_path, 'v4l2_camera', 'v4l2_camera_node')
    node = install(tmp_path, 'roadseg_ros', 'segmentation_node')
    source = PythonLaunchDescriptionSource(str(PROJECT / 'launch' / 'two_cameras.launch.py'))

    def stop_when_all_have_told(event: ProcessExited, context: LaunchContext) -> list[Shutdown]:
        started = driver.exists() and driver.read_text().count('profile=') == 2 and node.exists()
        return [Shutdown()] if started else []

    service = LaunchService(noninteractive=True)
    service.include_launch_description(
        LaunchDescription(
            [
                RegisterEventHandler(OnProcessExit(on_exit=stop_when_all_have_told)),
                IncludeLaunchDescription(
                    source, launch_arguments={'left_device': '/dev/video4'}.items()
                ),
            ]
        )
    )
    assert service.run() == 0
    told = driver.read_text(encoding='utf-8')
    assert told.count('profile=/') == told.count('fastdds_images.xml') == 2
    assert all(
        words in told for words in ('__ns:=/camera/left', '/dev/video0', '/dev/video4', '1280')
    )
    assert '- front\n' in node.read_text(encoding='utf-8')
    assert '- left\n' in node.read_text(encoding='utf-8')
