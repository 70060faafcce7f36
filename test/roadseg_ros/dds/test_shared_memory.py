"""Whether /dev/shm holds the segments of a Fast DDS profile."""

from __future__ import annotations

from pathlib import Path

from roadseg_ros.dds.shared_memory import (
    MIB,
    SharedMemory,
    bytes_per_process,
    read_shared_memory,
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
