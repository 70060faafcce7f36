"""The node's process: its command line, its namespace, and large images without settings."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import cv2
import node_process as helpers
import numpy as np
import pytest
from ros_domain import free_domain
from sensor_msgs.msg import CompressedImage

from roadseg_ros.dds.profile import PROFILE_VARIABLES


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """Run the executable to its end."""
    return subprocess.run(
        [sys.executable, '-m', 'roadseg_ros.segmentation_node', *arguments],
        cwd=helpers.ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_help_lists_every_parameter():
    result = run('--help')
    assert result.returncode == 0
    for line in ('usage: segmentation_node', 'fps := 15.0', '<camera>.image_topic := "camera/'):
        assert line in result.stdout


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (['front'], 'unrecognized arguments: front'),
        (['--ros-args', '--log-level', 'loud'], "'--log-level loud'"),
        (['--ros-args', '--params-file', '/nowhere.yaml'], "'--params-file /nowhere.yaml'"),
        (['--ros-args', 'front'], "no arguments of ROS: ['front']"),
        (['--ros-args', '-p', 'fps:=10'], "expecting type 'DOUBLE': fps; such as 15.0"),
        (['--ros-args', '-p', 'front.transport:=1'], 'front.transport; such as "raw"'),
        (['--ros-args', '-p', 'overlay_alpha:=2.0'], 'overlay_alpha'),
    ],
)
def test_a_wrong_command_line_is_named(arguments: list[str], words: str):
    result = run(*arguments)
    assert result.returncode == 2
    assert words in result.stderr.splitlines()[-1]
    assert 'Traceback' not in result.stderr


def test_a_log_folder_that_is_a_file_is_named():
    result = run(ROS_LOG_DIR=__file__)
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert __file__ in line and line.endswith('name a folder in ROS_LOG_DIR')


@pytest.fixture
def no_profile(monkeypatch: pytest.MonkeyPatch):
    for name in (*PROFILE_VARIABLES, 'FASTDDS_BUILTIN_TRANSPORTS', 'MALLOC_MMAP_THRESHOLD_'):
        monkeypatch.delenv(name, raising=False)


def test_player_and_node_by_hand_in_a_namespace(no_profile: None, tmp_path: Path):
    picture = np.random.default_rng(0).integers(0, 256, (720, 1280, 3), np.uint8)
    (tmp_path / 'pictures').mkdir()
    cv2.imwrite(str(tmp_path / 'pictures' / '0.png'), picture)
    domain = free_domain()
    bench = helpers.Bench(domain)
    namespace = ['-r', '__ns:=/car1']
    node = helpers.NodeProcess(tmp_path, domain, {'diagnostics_period': '0.2'}, arguments=namespace)
    try:
        overlays = bench.listen('/car1/segmentation/front/overlay/compressed', CompressedImage)
        bench.wait_ready()
        player = subprocess.run(
            [
                *(sys.executable, '-m', 'roadseg_ros.play', '--source', tmp_path / 'pictures'),
                *('--loop', '--frames', '20', '--fps', '10', '--wait-subscribers', '20'),
                *('--ros-args', *namespace),
            ],
            cwd=helpers.ROOT,
            env={**os.environ, 'ROS_DOMAIN_ID': str(domain)},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert player.returncode == 0, player.stderr
        # By UDP in fragments hardly a frame of this size arrives.
        bench.until(lambda: int(bench.camera('front')['received']) >= 15, what='large frames')
        bench.until(lambda: bool(overlays), what='an overlay')
    finally:
        assert node.stop() == 0
        bench.close()
    assert 'front: /car1/camera/front/image_raw' in node.text()
    assert bench.camera('front')['hardware_id'] == platform.node() != ''
    message = overlays[-1]
    assert message.format == 'bgr8; jpeg compressed bgr8'
    assert cv2.imdecode(np.asarray(message.data), cv2.IMREAD_COLOR).shape == (720, 1280, 3)
