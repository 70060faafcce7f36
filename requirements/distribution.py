"""
Print the constraints that keep what a ROS distribution brings; its Python runs this file.

With a distribution the environment sees its packages. The locked version of one that is there
would hide it behind another, so it may be as old as it is, and at most as new as the lock's; and
NumPy keeps its major version, because OpenCV, cv_bridge and the messages of the distribution are
built against it.
"""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path


def main() -> None:
    """Print one constraint a line."""
    lock = Path(__file__).with_name('lock.txt').read_text(encoding='utf-8')
    for line in lock.splitlines():
        if line and not line.startswith('#'):
            print(_constraint(line))
    numpy = _installed('numpy')
    if numpy:
        print(f'numpy<{_numbers(numpy)[0] + 1}')


def _constraint(line: str) -> str:
    """Loosen a line of the lock, ``name==version`` or ``name==version ; marker``, if need be."""
    requirement, semicolon, marker = line.partition(';')
    name, _, locked = requirement.strip().partition('==')
    installed = _installed(name)
    if installed is None:
        return line
    newest = max(installed, locked, key=_numbers)
    return f'{name}<={newest} {semicolon}{marker}'.rstrip()


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r'\d+', version)]


if __name__ == '__main__':
    main()
