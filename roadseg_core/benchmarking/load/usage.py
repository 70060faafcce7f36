"""Read the CPU time and memory of a process, by thread, from Linux."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

_TICKS = os.sysconf('SC_CLK_TCK')
_PAGE = os.sysconf('SC_PAGE_SIZE')


@dataclass(frozen=True)
class Usage:
    """
    Hold what a process has taken at one moment.

    :param seconds: steady
    :param cpu: seconds of processor time by the name of its threads
    :param memory: resident, in bytes
    """

    seconds: float
    cpu: dict[str, float] = field(default_factory=dict)
    memory: int = 0
    threads: int = 0
    descriptors: int = 0


def read_usage(pid: int) -> Usage:
    """Read it; empty for a process that is no more."""
    cpu: dict[str, float] = {}
    process, threads = Path('/proc', str(pid)), 0
    try:
        for task in (process / 'task').iterdir():
            try:
                text = (task / 'stat').read_text()
            except OSError:
                continue  # The thread ended meanwhile.
            name, rest = text[text.index('(') + 1 : text.rindex(')')], text[text.rindex(')') + 2 :]
            user, system = rest.split()[11:13]
            cpu[name] = cpu.get(name, 0.0) + (int(user) + int(system)) / _TICKS
            threads += 1
        memory = int((process / 'statm').read_text().split()[1]) * _PAGE
        descriptors = len(list((process / 'fd').iterdir()))
    except OSError:
        return Usage(time.monotonic())
    return Usage(time.monotonic(), cpu, memory, threads, descriptors)
