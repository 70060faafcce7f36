"""What this machine's processor offers to an engine."""

from __future__ import annotations

from collections.abc import Iterable
import os
from pathlib import Path
import platform

_X86 = ('x86_64', 'amd64')
_BF16 = ('amx_bf16', 'avx512_bf16')


def bf16_instructions(cpuinfo: Path = Path('/proc/cpuinfo')) -> tuple[str, ...] | None:
    """
    Return the instructions for bfloat16 of an x86 processor; empty: it has none.

    :returns: None where nothing is known: another processor or system
    """
    if platform.machine().lower() not in _X86:
        return None
    try:
        lines = cpuinfo.read_text(encoding='utf-8').splitlines()
    except OSError:
        return None
    flags = next((line.partition(':')[2].split() for line in lines
                  if line.startswith('flags')), [])
    return tuple(name for name in _BF16 if name in flags)


def default_threads(cores: int) -> int:
    """
    Return how many threads of inference suit a number of cores.

    From four cores on, one is left to the node's own thread, which takes messages; below that
    the loss would be larger than what the short work of that thread costs.
    """
    return cores - 1 if cores >= 4 else max(1, cores)


def physical_cores(root: Path = Path('/sys/devices/system/cpu')) -> int:
    """Count the cores that this process may use; two threads of one core count once."""
    allowed = sorted(os.sched_getaffinity(0))
    return len(set(_siblings(root, allowed)))


def _siblings(root: Path, processors: Iterable[int]) -> Iterable[str]:
    for number in processors:
        try:
            yield (root / f'cpu{number}/topology/thread_siblings_list').read_text(
                encoding='ascii').strip()
        except OSError:
            yield str(number)
