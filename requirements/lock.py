"""
Print what the pinned packages bring along, as constraints: see `make lock`.

One lock holds for every supported Python, with the wheels of PyPI and on a ROS distribution. So
what is built against NumPy is resolved with the oldest NumPy that a distribution brings with each
Python, and takes newer ones, too. The ROS wheels are left out, because they differ between
distributions, and so are the parts of torch that only its CUDA builds bring.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from packaging.requirements import Requirement

FOLDER = Path(__file__).parent
FILES = ('runtime', 'train', 'dev', 'rosdep', 'ros-wheels')
MINOR_VERSIONS = range(10, 15)
# Humble's 1.21 takes what takes 1.26: the packages for training raise it to 1.26 in .venv.
NUMPY = """\
numpy==1.26.4 ; python_version < '3.13'
numpy==2.2.4 ; python_version == '3.13'
numpy==2.3.5 ; python_version >= '3.14'
"""
FROM_A_DISTRIBUTION = ('numpy', 'opencv-python-headless')
LEFT_OUT = ('ros-', 'nvidia-', 'cuda-', 'triton')
THE_SAME_FOR_ALL = 'ros-wheels-bootstrapper'


def main() -> int:
    """Resolve the requirements; print a constraint a line."""
    pinned = [
        line
        for name in FILES
        for line in (FOLDER / f'{name}.txt').read_text(encoding='utf-8').splitlines()
        if _name(line) and _name(line) not in FROM_A_DISTRIBUTION
    ]
    options = ['--universal', '--fork-strategy', 'requires-python', '--no-python-downloads']
    options += ['--system-certs', '--python-version', f'3.{MINOR_VERSIONS[0]}']
    resolved = subprocess.run(
        [sys.executable, '-m', 'uv', 'pip', 'compile', '-q', '--no-header', '--no-annotate']
        + [*options, '-'],
        input='\n'.join([*pinned, NUMPY]),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if resolved.returncode:
        return resolved.returncode
    direct = {*map(_name, pinned), *FROM_A_DISTRIBUTION}
    print('# What the other files bring along. Written by: make lock')
    for line in resolved.stdout.splitlines():
        name = _name(line)
        left_out = name.startswith(LEFT_OUT) and name != THE_SAME_FOR_ALL
        if name not in direct and not left_out and _is_for_linux(line):
            print(line)
    return 0


def _name(line: str) -> str:
    """Read the normalized name of the package that a line requires; '' for a comment."""
    return re.sub(r'[-_.]+', '-', re.match(r'[\w.-]*', line).group()).lower()


def _is_for_linux(line: str) -> bool:
    marker = Requirement(line).marker
    return marker is None or any(
        marker.evaluate({'sys_platform': 'linux', 'python_full_version': f'3.{minor}.0'})
        for minor in MINOR_VERSIONS
    )


if __name__ == '__main__':
    sys.exit(main())
