"""Bags played to a real node over DDS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor

from roadseg_core.evaluation.live.results import LiveError
from roadseg_ros.live.node import CameraInput, FoundNode

ROOT = Path(__file__).resolve().parents[3]


def evaluate(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, '-m', 'roadseg_ros.evaluate_bag', *arguments],
        cwd=ROOT,
        env={
            **os.environ,
            'PYTHONPATH': f'{ROOT}{os.pathsep}{os.environ.get("PYTHONPATH", "")}',
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_every_frame_of_the_part_that_is_played_is_accounted_for(
    street_bag: Callable[..., Path], model: str, tmp_path: Path
) -> None:
    bag = street_bag('drive', frames=14, cameras=('front', 'left'))
    output = tmp_path / 'out'
    done = evaluate(
        str(bag),
        '--live',
        '--rate',
        '0.5',
        '--start',
        '0.15',
        '--end',
        '1.15',
        '--model',
        model,
        '--precision',
        'fp32',
        '--truth-topic',
        '/truth/{camera}/label',
        '--truth-map',
        'two',
        '--no-consistency',
        '--condition',
        'sent == 20',
        '--condition',
        'road_iou >= 0',
        '--junit',
        str(output / 'junit.xml'),
        '--output',
        str(output),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((output / 'report.json').read_text(encoding='utf-8'))
    assert 'live: 20 frames sent' in done.stdout
    total = report['live']['frames']['total']
    assert report['live']['problems'] == []
    assert total['sent'] == 20 and total['recorded'] == total['processed'] > 0
    assert total['sent'] == total['processed'] + sum(
        total[cause]
        for cause in ('lost_by_dds', 'replaced', 'stale', 'bad', 'failed', 'not_ready', 'pending')
    )
    assert report['frames']['dropped'] == 20 - total['recorded']
    assert report['scores']['frames'] == total['recorded']
    assert report['offline']['scores']['frames'] == 20
    if total['recorded'] == 20:
        # What the node published is what the same code says without DDS.
        assert report['scores']['road_iou'] == pytest.approx(
            report['offline']['scores']['road_iou'], abs=1e-6
        )
    assert report['timings']['latency_ms_p99'] == report['live']['end_to_end_ms']['p99'] > 0
    assert report['live']['scheduling_ms'] is not None
    assert 'cost of the network' in (output / 'report.html').read_text(encoding='utf-8')
    assert 'every frame is accounted for' in (output / 'junit.xml').read_text(encoding='utf-8')


def test_a_running_node_tells_where_it_listens() -> None:
    context = Context()
    rclpy.init(context=context)
    node = rclpy.create_node('segmentation', namespace='/car', context=context)
    node.declare_parameter('camera_names', ['front', 'rear'])
    for camera, transport in (('front', 'raw'), ('rear', 'compressed')):
        node.declare_parameter(f'{camera}.transport', transport)
        topic = f'{"/" if transport == "raw" else ""}{camera}/image/compressed'
        node.declare_parameter(f'{camera}.image_topic', topic)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    thread = threading.Thread(target=executor.spin, daemon=True)
    thread.start()
    try:
        found = FoundNode('car/segmentation')
        assert found.name == '/car/segmentation' and found.running
        assert found.inputs == {
            'front': CameraInput('/front/image', 'raw'),
            'rear': CameraInput('/car/rear/image', 'compressed'),
        }
        assert found.close() == 0
    finally:
        executor.shutdown()
        rclpy.shutdown(context=context)
        thread.join(10)


def test_a_node_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('roadseg_ros.live.node._FIND_SECONDS', 0.2)
    with pytest.raises(LiveError, match='there is no node /nobody .*ROS_DOMAIN_ID'):
        FoundNode('nobody')
