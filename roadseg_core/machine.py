"""Describe the machine, and tune this process on it: malloc and the names of threads."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
import threading
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

_FEATURES = (
    'avx2',
    'avx512f',
    'avx512_vnni',
    'avx512_bf16',
    'avx512_fp16',
    'avx_vnni',
    'amx_tile',
    'amx_bf16',
    'amx_int8',
    'asimddp',
    'bf16',
    'i8mm',
)
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def describe_machine() -> dict[str, object]:
    """Return processor, cores, the instructions that matter here and the system."""
    fields = cpu_fields()
    flags = fields.get('flags', fields.get('Features', '')).split()
    return {
        'processor': _name(fields),
        'family_model': [fields.get('cpu family', ''), fields.get('model', '')],
        'cores': len(os.sched_getaffinity(0)),
        'instructions': [name for name in _FEATURES if name in flags],
        'system': platform.platform(),
        'load_before': round(os.getloadavg()[0], 2),
    }


def processor() -> str:
    """Return the processor's name, or its architecture where the system does not say."""
    return _name(cpu_fields())


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Return the versions of Python and of those of the packages that are installed."""
    found = {'python': platform.python_version()}
    for name in packages:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue  # or a distribution's package without metadata
    return found


def resident_bytes() -> int:
    """Return the memory of this process that is resident; 0 where the system does not say."""
    try:
        pages = int(Path('/proc/self/statm').read_text(encoding='ascii').split()[1])
    except OSError:
        return 0
    return pages * os.sysconf('SC_PAGE_SIZE')


def _name(fields: dict[str, str]) -> str:
    return fields.get('model name', platform.machine())


def cpu_fields(cpuinfo: Path = Path('/proc/cpuinfo')) -> dict[str, str]:
    """Return the system's description of its first processor; empty where it has none."""
    try:
        text = cpuinfo.read_text(encoding='utf-8')
    except OSError:
        return {}
    lines = (line.partition(':') for line in text.split('\n\n')[0].splitlines())
    return {key.strip(): value.strip() for key, _, value in lines}


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
