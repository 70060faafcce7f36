"""What a load test finds: usage of processes, and what grows in a soak."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from roadseg_core.benchmarking.load.result import (
    COUNTS,
    LoadPlan,
    least_processed,
    shortfalls,
    soak_problems,
    summarize,
)
from roadseg_core.benchmarking.load.usage import read_usage
from roadseg_core.evaluation.live.results import LiveError


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
    series = {
        'seconds': list(range(600)),
        'memory': [300 << 20] * 600,
        'threads': [20] * 600,
        'descriptors': [40] * 600,
        'latency': {'p99': [40.0] * 600},
    }
    change(series)
    found = soak_problems(series)
    assert len(found) == len(problem) and all(text in line for text, line in zip(problem, found))


@pytest.mark.parametrize(
    ('share', 'timing', 'said'),
    [
        (0.97, {'p99_ms': 66.0}, ''),
        (0.96, {'p99_ms': 20.0}, 'left: 96.0 % of the frames processed; expected 97 %'),
        (1.0, {'p99_ms': 67.4}, 'left/label: 99 of 100 came within 67 ms; expected 66 ms'),
        (1.0, {'received': 1}, 'left/label: 1 came; too few'),
    ],
)
def test_every_camera_must_be_processed_and_in_time(share: float, timing: dict, said: str) -> None:
    good = {'processed_share': 1.0, 'outputs': {'label': {'p99_ms': 10.0}}}
    other = {'processed_share': share, 'outputs': {'label': timing}}
    result = {'cameras': {'front': good, 'left': other}}
    found = shortfalls(result)
    assert len(found) == bool(said) and all(said in problem for problem in found)
    assert least_processed(result) == share


@pytest.mark.parametrize(
    ('received', 'labels', 'said'),
    [(10, 10, ''), (20, 10, '20 came .frames at the node'), (10, 19, '19 came .label')],
)
def test_more_than_was_sent_is_refused(received: int, labels: int, said: str) -> None:
    plan = LoadPlan(('front',), (8, 8), 5.0, ('label',), 2.0)
    counts = dict.fromkeys(COUNTS, 0) | {'received': received, 'processed': received}
    report = {'engine': {'state': 'READY', 'mean_batch': '1'}, 'camera front': counts}
    heard = {'reports': [report], 'images': {'front/label': [[n, n + 9] for n in range(labels)]}}
    usages = [read_usage(os.getpid())] * 2
    if said:
        with pytest.raises(LiveError, match=said):
            summarize(plan, {'frames': 10}, heard, usages)
    else:
        assert summarize(plan, {'frames': 10}, heard, usages)['cameras']['front']['sent'] == 10
