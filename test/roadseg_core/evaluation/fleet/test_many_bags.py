"""Two hundred bags on a scheduler and workers that are processes of their own; one is killed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from evaluation_configs import changed, configured

from roadseg_core.evaluation.run import evaluate_bags

pytestmark = pytest.mark.slow_fleet

BAGS, FRAMES = 200, 2


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen]]]:
    """Start a scheduler and three workers by their commands; return its address and them."""
    command = [sys.executable, '-m', 'distributed.cli.dask_scheduler', '--host', '127.0.0.1']
    options = ['--port', '0', '--no-dashboard', '--dashboard-address', '127.0.0.1:0']
    with ExitStack() as stack:

        def start(log: Path, *line: str) -> subprocess.Popen:
            file = stack.enter_context(log.open('w'))
            process = subprocess.Popen(line, stdout=file, stderr=subprocess.STDOUT)
            stack.callback(process.wait, 20)
            stack.callback(process.terminate)
            return process

        scheduler = start(tmp_path / 'scheduler.log', *command, *options)
        address = wait_for(tmp_path / 'scheduler.log', r'Scheduler at:\s+(tcp://\S+)', scheduler)
        command = [sys.executable, '-m', 'distributed.cli.dask_worker', address]
        options = ['--nthreads', '1', '--no-nanny', '--no-dashboard', '--memory-limit', '0']
        workers = [
            start(tmp_path / f'worker_{number}.log', *command, *options) for number in range(3)
        ]
        for number, worker in enumerate(workers):
            wait_for(tmp_path / f'worker_{number}.log', r'Registered to:\s+(tcp://\S+)', worker)
        yield address, workers


def wait_for(log: Path, pattern: str, process: subprocess.Popen) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(pattern, log.read_text())
        if found:
            return found[1]
        time.sleep(0.05)
    raise AssertionError(log.read_text())


def test_two_hundred_bags_give_the_same_rows_when_a_worker_is_killed_midway(
    fleet: tuple[str, list[subprocess.Popen]],
    street_bag: Callable[..., Path],
    tmp_path: Path,
    model: str,
) -> None:
    address, workers = fleet
    alone = configured(
        bags=tuple(
            street_bag(f'drive_{number:03}', first=number, frames=FRAMES) for number in range(BAGS)
        ),
        output=tmp_path / 'alone',
        model=model,
        precision='fp32',
        threads=1,
        pictures=0,
    )
    together = changed(alone, output=tmp_path / 'together', scheduler=address)
    evaluate_bags(alone)
    said: list[str] = []
    killed = threading.Event()

    def say(text: str) -> None:
        said.append(text)
        if len(said) == BAGS // 2:
            os.kill(workers[0].pid, signal.SIGKILL)
            killed.set()

    report = evaluate_bags(together, say=say)
    assert killed.is_set() and workers[0].wait(10) == -signal.SIGKILL
    assert [worker.poll() for worker in workers[1:]] == [None, None]
    assert {bag['status'] for bag in report['bags']} == {'ok'} and len(report['bags']) == BAGS
    rows = (together.output / 'frames.jsonl').read_bytes()
    assert rows == (alone.output / 'frames.jsonl').read_bytes()
    frames = Counter((row['bag'], row['index']) for row in map(json.loads, rows.splitlines()))
    assert frames == Counter(
        {(str(bag), index): 1 for bag in alone.bags for index in range(FRAMES)}
    )
