"""Check whether /dev/shm can hold the shared memory segments of a Fast DDS profile."""

from __future__ import annotations

import fcntl
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

MIB = 1 << 20

_SECONDS_TO_LOCK = 10.0

_ENLARGE = (
    'In Docker: docker run --shm-size={size} (compose: shm_size: {size}), or --ipc=host. '
    'Elsewhere: mount -o remount,size={size} /dev/shm. Or set a smaller segment_size in a profile '
    'of your own and name it in FASTDDS_DEFAULT_PROFILES_FILE and FASTRTPS_DEFAULT_PROFILES_FILE.'
)
_CLEAN = (
    'It is large enough, but something holds it: see ls -lS /dev/shm. What processes that died '
    "left there is removed by 'fastdds shm clean', or by deleting its fastdds_* files while no "
    'ROS process runs.'
)


@dataclass(frozen=True)
class SharedMemory:
    """Size and free space of a shared memory file system, in bytes."""

    total: int
    free: int


def read_shared_memory(path: Path = Path('/dev/shm')) -> SharedMemory | None:
    """Return the space of `path`; None where there is no such file system."""
    try:
        usage = shutil.disk_usage(path)
    except OSError:
        return None
    return SharedMemory(total=usage.total, free=usage.free)


def mapped_segments(maps: Path = Path('/proc/self/maps')) -> int:
    """Return the bytes of /dev/shm that Fast DDS holds in this process."""
    held = 0
    try:
        lines = maps.read_text(encoding='utf-8', errors='replace').splitlines()
    except OSError:
        return 0
    for line in lines:
        if '/dev/shm/fast' in line:
            begin, _, end = line.partition(' ')[0].partition('-')
            held += int(end, 16) - int(begin, 16)
    return held


def remove_dead_segments(folder: Path = Path('/dev/shm')) -> None:
    """
    Remove the segments of processes that were killed: Fast DDS itself leaves them there for ever.

    A process holds a lock on ``<segment>_el`` as long as it lives; what was made just now may not
    have it yet.
    """
    for lock in folder.glob(f'fastdds_{"[0-9a-f]" * 16}_el'):
        try:
            if time.time() - lock.stat().st_mtime < _SECONDS_TO_LOCK:
                continue
            with lock.open('rb') as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                lock.with_name(lock.name.removesuffix('_el')).unlink(missing_ok=True)
                lock.unlink()
        except OSError:
            continue  # its process lives, or is another user's


def bytes_per_process(segment: int) -> int:
    """
    Return what a process takes of /dev/shm for a segment of `segment` bytes.

    Fast DDS reserves a segment in full when it starts, with room for its bookkeeping:
    measured 4.7 % and 0.7 MB of ports and default segments (Fast DDS 3.2).
    """
    return segment + segment // 20 + MIB


def shared_memory_problem(segment: int, memory: SharedMemory | None, *, senders: int) -> str | None:
    """
    Return what is wrong with /dev/shm for the node and `senders` processes, and what to do.

    Fast DDS does not stop without its segment: it goes on by UDP alone, which loses large
    images. `segment` is the profile's segment_size in bytes, 0 for a profile without shared
    memory. None means that there is room.
    """
    if segment <= 0:
        return None
    if memory is None:
        return (
            '/dev/shm is missing: images cannot go through shared memory, and by UDP large '
            'ones are lost. Mount a tmpfs there.'
        )
    each = bytes_per_process(segment)
    wanted = each * (1 + senders)
    size = -(-2 * wanted // (256 * MIB)) * 256
    hint = _CLEAN if memory.total >= wanted else _ENLARGE.format(size=f'{size}m')
    have = f'{memory.free // MIB} MiB of {memory.total // MIB} MiB are free'
    if memory.free < each:
        return (
            f'/dev/shm is too small: {have}, and the node needs {-(-each // MIB)} MiB for '
            'the shared memory of its Fast DDS profile. Without it images go by UDP, and '
            f'large ones are lost. {hint}'
        )
    if memory.free < wanted:
        return (
            f'/dev/shm may be too small: {have}, and the node with {senders} camera '
            f'process{"es" if senders != 1 else ""} that load{"" if senders != 1 else "s"} '
            f'the same Fast DDS profile needs {-(-wanted // MIB)} MiB. {hint}'
        )
    return None
