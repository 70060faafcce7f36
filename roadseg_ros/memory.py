"""A process tunes its allocator for large messages, and names its threads."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from pathlib import Path

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3


def tune_malloc() -> bool:
    """
    Let malloc reuse the memory of large messages, rather than map and unmap each.

    Halves what receiving and sending images costs. Does nothing outside Linux with glibc, or
    where the user set the malloc environment variables.

    :returns: whether it did
    """
    if not sys.platform.startswith('linux') or 'MALLOC_MMAP_THRESHOLD_' in os.environ:
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, 32 << 20) and mallopt(_M_TRIM_THRESHOLD, 512 << 20))


def name_thread(name: str) -> None:
    """Give the calling thread a name of at most 15 letters, as ``top -H`` shows it."""
    try:
        Path(f'/proc/self/task/{threading.get_native_id()}/comm').write_text(name, encoding='ascii')
    except OSError:
        pass  # Not Linux, or /proc is not there: a name is for people.
