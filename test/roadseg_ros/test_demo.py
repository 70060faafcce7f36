"""The whole demo: drive, bag, player, node, recorder and report, as processes over DDS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / 'models' / 'mobilenet_fcn_0.5.onnx'


def run_demo(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != 'ROS_LOG_DIR'}
    environment |= settings
    environment['PYTHONPATH'] = f'{ROOT}{os.pathsep}{os.environ.get("PYTHONPATH", "")}'
    return subprocess.run(
        [sys.executable, '-m', 'roadseg_ros.demo', *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.skipif(not MODEL.is_file(), reason=f'there is no model file {MODEL}')
def test_every_frame_of_the_demo_is_accounted_for(tmp_path: Path) -> None:
    done = run_demo(
        '--seconds',
        '1',
        '--fps',
        '8',
        '--size',
        '160x120',
        '--cameras',
        '2',
        '--phase',
        'out',
        '--output',
        str(tmp_path),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert str(tmp_path / 'report.html') in done.stdout.splitlines()[-1]
    report = json.loads((tmp_path / 'report.json').read_text(encoding='utf-8'))
    assert report['cameras'] == ['front', 'left']
    total = report['frames']['total']
    assert total['sent'] == 16
    assert total['recorded'] == total['processed'] > 0
    assert report['problems'] == []
    assert 0.0 <= report['road_iou'] <= 1.0
    assert report['latency_ms']['p50'] > 0.0
    assert report['engine']['backend']
    assert len(report['real_frames']) == 4
    for places in report['real_frames'].values():
        assert next(iter(places['lanes'])) == 'road'
    assert (tmp_path / 'report.html').stat().st_size > 10_000


def test_a_node_that_cannot_start_is_reported(tmp_path: Path) -> None:
    image = tmp_path / 'images' / '0.png'
    image.parent.mkdir()
    image.write_bytes(b'never read')
    wrong = tmp_path / 'wrong.onnx'
    wrong.write_bytes(b'no model')
    done = run_demo(
        '--source', str(image.parent), '--model', str(wrong), '--output', str(tmp_path / 'demo')
    )
    assert done.returncode == 1
    assert 'demo: the node' in done.stderr
    assert 'node.log' in done.stderr
    assert not (tmp_path / 'demo' / 'report.json').exists()


def test_a_log_folder_that_is_a_file_is_reported(tmp_path: Path) -> None:
    done = run_demo(
        *('--seconds', '1', '--size', '160x120', '--cameras', '1', '--output', str(tmp_path)),
        ROS_LOG_DIR=__file__,
    )
    assert done.returncode == 1
    assert 'name a folder in ROS_LOG_DIR' in done.stderr
    assert 'Traceback' not in done.stderr


def test_files_of_others_are_not_replaced(tmp_path: Path) -> None:
    mine = tmp_path / 'drive' / 'metadata.yaml'
    mine.parent.mkdir()
    mine.write_text('mine')
    done = run_demo('--output', str(tmp_path))
    assert done.returncode == 1 and 'holds files that no demo wrote' in done.stderr
    assert mine.read_text() == 'mine'
