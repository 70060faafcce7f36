"""Whether /dev/shm holds the segments of a Fast DDS profile."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from roadseg_core.shared_memory import (
    MIB,
    SharedMemory,
    bytes_per_process,
    read_shared_memory,
    remove_dead_segments,
    shared_memory_problem,
)

SEGMENT = 128 * MIB


def test_a_roomy_file_system_is_no_problem():
    memory = SharedMemory(total=8 << 30, free=8 << 30)
    assert shared_memory_problem(SEGMENT, memory, senders=4) is None


def test_the_docker_default_is_too_small_and_the_remedy_is_named():
    memory = SharedMemory(total=64 * MIB, free=64 * MIB)
    problem = shared_memory_problem(SEGMENT, memory, senders=1)
    assert problem is not None
    assert 'too small: 64 MiB of 64 MiB are free' in problem
    assert '--shm-size=768m' in problem


def test_room_for_the_node_alone_is_said():
    size = bytes_per_process(SEGMENT) + MIB
    problem = shared_memory_problem(SEGMENT, SharedMemory(total=size, free=size), senders=4)
    assert problem is not None
    assert 'may be too small' in problem
    assert '4 camera processes that load the same' in problem


def test_a_full_file_system_asks_to_clean_not_to_enlarge():
    problem = shared_memory_problem(SEGMENT, SharedMemory(total=8 << 30, free=MIB), senders=1)
    assert problem is not None
    assert 'fastdds shm clean' in problem
    assert '--shm-size' not in problem


def test_a_profile_without_shared_memory_needs_none():
    assert shared_memory_problem(0, None, senders=4) is None


def test_no_shared_memory_at_all():
    assert 'missing' in (shared_memory_problem(SEGMENT, None, senders=1) or '')


def test_measured_cost_of_a_segment():
    # Files of one process with a 128 MiB segment: 140509728 + 549408 + two ports of 62640.
    assert bytes_per_process(SEGMENT) >= 140509728 + 549408 + 2 * 62640


def test_reading_the_file_system(tmp_path: Path):
    memory = read_shared_memory(tmp_path)
    assert memory is not None
    assert 0 <= memory.free <= memory.total
    assert read_shared_memory(tmp_path / 'none') is None


def test_only_what_no_process_holds_is_removed(tmp_path: Path):
    held, dead, new = (tmp_path / f'fastdds_{digit * 16}' for digit in '0af')
    port = tmp_path / 'fastdds_port7411'
    for path in (held, dead, new, port):
        path.touch()
        lock = path.with_name(f'{path.name}_el')
        lock.touch()
        if path is not new:
            os.utime(lock, (0, 0))
    with held.with_name(f'{held.name}_el').open('rb') as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        remove_dead_segments(tmp_path)
    left = {path.name.removesuffix('_el') for path in tmp_path.iterdir()}
    assert left == {held.name, new.name, port.name}


PROCESS = """
import time
import rclpy
rclpy.init()
node = rclpy.create_node('segment_holder')
print('here', flush=True)
time.sleep(60)
"""


def test_fast_dds_holds_the_lock_until_its_process_is_killed(monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip('rclpy', reason='needs rclpy: a ROS distribution or its wheels')
    monkeypatch.delenv('RMW_IMPLEMENTATION', raising=False)
    process = subprocess.Popen([sys.executable, '-c', PROCESS], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None and process.stdout.readline() == 'here\n'
        maps = Path(f'/proc/{process.pid}/maps').read_text(encoding='utf-8')
        locks = {Path(f'{path}_el') for path in re.findall(r'/dev/shm/fastdds_[0-9a-f]{16}', maps)}
        assert locks
        for lock in locks:
            os.utime(lock, (0, 0))
        remove_dead_segments()
        assert all(lock.exists() for lock in locks)
    finally:
        process.kill()
        process.wait()
    remove_dead_segments()
    assert not any(lock.exists() for lock in locks)
