"""Tell which numeric formats the processor computes fast."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from pathlib import Path

from roadseg_core.machine import cpu_fields

_X86 = ('x86_64', 'amd64')
_BF16 = ('amx_bf16', 'avx512_bf16')


def bf16_instructions(cpuinfo: Path = Path('/proc/cpuinfo')) -> tuple[str, ...] | None:
    """
    Return the instructions for bfloat16 of an x86 processor; empty: it has none.

    :returns: None where nothing is known: another processor or system
    """
    flags = _flags(cpuinfo)
    return None if flags is None else tuple(name for name in _BF16 if name in flags)


def vector_lanes(cpuinfo: Path = Path('/proc/cpuinfo')) -> int:
    """Return how many floats a vector of an x86 processor holds; 0 where nothing is known."""
    flags = _flags(cpuinfo)
    if flags is None:
        return 0
    return 16 if 'avx512f' in flags else 8 if 'avx' in flags else 4


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
            yield (
                (root / f'cpu{number}/topology/thread_siblings_list')
                .read_text(encoding='ascii')
                .strip()
            )
        except OSError:
            yield str(number)


def _flags(cpuinfo: Path) -> list[str] | None:
    """Return the flags of an x86 processor; None where nothing is known."""
    fields = cpu_fields(cpuinfo) if platform.machine().lower() in _X86 else {}
    return fields.get('flags', '').split() if fields else None
