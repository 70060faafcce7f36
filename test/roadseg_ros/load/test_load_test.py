"""The load test: every frame is accounted for, bad options are refused, its processes end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import node_process as helpers
import pytest
import rclpy
from rclpy.context import Context
from rclpy.node import Node
from ros_domain import free_domain
from sensor_msgs.msg import Image

from roadseg_ros.load_test import main


def test_a_small_load_is_carried_and_accounted_for(tmp_path):
    command = [sys.executable, '-m', 'roadseg_ros.load_test', '--output', str(tmp_path)]
    command += ['--cameras', '2', '--size', '160x120', '--fps', '5', '--duration', '3']
    command += ['--outputs', 'road_mask', '--transport', 'compressed']
    environment = helpers.environment(free_domain(), tmp_path)
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    # On a busy machine latencies may be too long; it must have run.
    assert run.returncode in (0, 1), run.stderr
    result = json.loads((tmp_path / 'load.json').read_text())
    assert set(result['cameras']) == {'front', 'left'}
    for camera in result['cameras'].values():
        assert camera['sent'] == 15
        assert camera['received'] >= 14
        masks = camera['outputs']['road_mask']
        assert masks['received'] == camera['processed'] > 0
        assert 0.0 < masks['p50_ms'] <= masks['p99_ms'] <= masks['max_ms']
    cpu = result['cpu_ms_per_frame']
    assert 0.0 < cpu['node_less_engine'] < cpu['node']
    assert {'inference', 'worker', 'receiver'} <= set(cpu['threads'])
    assert set(result['stage_ms_per_frame']) == {
        'waiting',
        'converting',
        'resizing',
        'inference',
        'making',
        'publishing',
        'projecting',
    }
    assert 'class="chart"' in (tmp_path / 'load.html').read_text()


@pytest.mark.parametrize(
    ('option', 'value', 'said'),
    [
        *(('--fps', value, '0.1 to 240') for value in ('0', 'nan', '1e9', 'fast')),
        *(('--duration', value, '1 to 86400') for value in ('0', '-1', 'inf', 'nan')),
        *(('--outputs', value, 'of label, road_mask') for value in ('', 'nonsense', 'label,')),
        *(('--param', value, 'NAME:=VALUE') for value in ('rubbish', 'threads=2', ':=2')),
    ],
)
def test_an_option_that_cannot_be_is_refused_at_once(
    option: str, value: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main([f'{option}={value}', '--output', str(tmp_path / 'out')])
    assert end.value.code == 2
    assert option in (error := capsys.readouterr().err) and said in error
    assert not (tmp_path / 'out').exists()


def test_beside_another_node_it_does_not_start(tmp_path: Path) -> None:
    domain = free_domain()
    context = Context()
    rclpy.init(context=context, domain_id=domain)
    node = Node('other', context=context)
    publisher = node.create_publisher(Image, '/segmentation/left/label', 1)
    command = [sys.executable, '-m', 'roadseg_ros.load_test', '--output', str(tmp_path)]
    command += ['--duration', '1']
    environment = helpers.environment(domain, tmp_path)
    try:
        run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    finally:
        node.destroy_publisher(publisher)
        node.destroy_node()
        context.try_shutdown()
    assert run.returncode == 2
    assert '/segmentation/left/label' in run.stderr and 'ROS_DOMAIN_ID' in run.stderr
    assert not (tmp_path / 'node.log').exists()


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_its_processes_too(number: int, tmp_path: Path) -> None:
    command = [sys.executable, '-m', 'roadseg_ros.load_test', '--output', str(tmp_path)]
    command += ['--cameras', '1', '--size', '160x120', '--fps', '5', '--duration', '600']
    environment = helpers.environment(free_domain(), tmp_path)
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as run:
        listed = Path(f'/proc/{run.pid}/task/{run.pid}/children')
        until = time.monotonic() + 60.0
        while len(children := listed.read_text().split()) < 3:
            assert run.poll() is None and time.monotonic() < until
            time.sleep(0.1)
        run.send_signal(number)
        run.send_signal(number)
        _, error = run.communicate(timeout=60)
    assert run.returncode == 130 and 'stopped' in error and 'Traceback' not in error
    assert not any(Path(f'/proc/{child}').exists() for child in children)
