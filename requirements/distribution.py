"""
Print the constraints that keep what a ROS distribution brings, run by its Python.

With a distribution the environment sees its packages. A lock line of one that is there would
hide it behind another version, so those are left out; and NumPy keeps its major version, because
OpenCV, cv_bridge and the messages of the distribution are built against it.
"""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path


def main() -> None:
    """Print one constraint a line."""
    lock = Path(__file__).parent / 'lock-{}.{}.txt'.format(*sys.version_info)
    for line in lock.read_text(encoding='utf-8').splitlines() if lock.is_file() else ():
        name = line.partition('==')[0]
        if not line.startswith('#') and not _is_installed(name):
            print(line)
    if _is_installed('numpy'):
        print(f'numpy<{int(metadata.version("numpy").partition(".")[0]) + 1}')


def _is_installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


if __name__ == '__main__':
    main()
