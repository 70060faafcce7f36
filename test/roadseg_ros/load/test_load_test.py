"""The load test on a small load: every frame is accounted for, and the report says so."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import node_process as helpers
import numpy as np
import pytest

from roadseg_ros.load.usage import read_usage


def test_a_small_load_is_carried_and_accounted_for(tmp_path):
    command = [sys.executable, '-m', 'roadseg_ros.load_test', '--output', str(tmp_path)]
    command += ['--cameras', '2', '--size', '160x120', '--fps', '5', '--duration', '3']
    command += ['--outputs', 'road_mask', '--transport', 'compressed']
    environment = helpers.environment(helpers.free_domain(), tmp_path)
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    # On a busy machine latencies may be too long; it must have run.
    assert run.returncode in (0, 1), run.stderr
    result = json.loads((tmp_path / 'load.json').read_text())
    assert set(result['cameras']) == {'front', 'left'}
    for camera in result['cameras'].values():
        assert camera['sent'] == 15
        assert camera['received'] >= 14
        assert camera['outputs']['road_mask']['received'] == camera['processed'] > 0
        assert (
            0.0
            < camera['outputs']['road_mask']['p50_ms']
            <= camera['outputs']['road_mask']['max_ms']
        )
    cpu = result['cpu_ms_per_frame']
    assert 0.0 < cpu['node_less_engine'] < cpu['node']
    assert {'inference', 'worker'} <= set(cpu['threads'])
    assert set(result['stage_ms_per_frame']) == {
        'converting',
        'resizing',
        'inference',
        'making',
        'publishing',
    }
    assert '<svg' in (tmp_path / 'load.html').read_text()


def test_the_usage_of_this_process():
    usage = read_usage(os.getpid())
    held = np.ones(1 << 24)
    later = read_usage(os.getpid())
    assert later.memory - usage.memory > 100 * 2**20, held.nbytes
    assert sum(later.cpu.values()) > 0.0
    assert later.threads >= 1 and later.descriptors >= 3


def test_a_process_that_is_no_more_takes_nothing():
    ended = subprocess.Popen([sys.executable, '-c', ''])
    ended.wait()
    assert read_usage(ended.pid).memory == 0


@pytest.mark.parametrize(
    ('change', 'problem'),
    [
        (lambda s: None, []),
        (lambda s: s['memory'].__setitem__(-1, s['memory'][-1] + (30 << 20)), ['memory grew']),
        (lambda s: s['threads'].__setitem__(slice(-40, None), [21] * 40), ['threads: 20, then 21']),
        (lambda s: s['latency']['p99'].__setitem__(slice(-60, None), [50.0] * 60), ['p99 of the']),
    ],
)
def test_what_grows_in_a_soak_is_found(change, problem):
    from roadseg_ros.load_test import _soak_problems

    series = {
        'seconds': list(range(600)),
        'memory': [300 << 20] * 600,
        'threads': [20] * 600,
        'descriptors': [40] * 600,
        'latency': {'p99': [40.0] * 600},
    }
    change(series)
    found = _soak_problems(series)
    assert len(found) == len(problem) and all(text in line for text, line in zip(problem, found))
