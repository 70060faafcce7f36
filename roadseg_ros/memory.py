"""Keep large message buffers in the heap."""

from __future__ import annotations

import ctypes
import os
import sys

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
