"""Write what `pip freeze -r FILES` lists beyond the files themselves, as constraints.

Not of other machines' concern, and left out: the ROS wheels, which differ between distributions,
with the packages that they unpack to (ros-rclpy brings rclpy), and the parts of torch that only
its CUDA builds bring.
"""

from __future__ import annotations

import re
import sys

_LEFT_OUT = ('ros-', 'nvidia-', 'cuda-', 'torch', 'triton')
_THE_SAME_FOR_ALL = 'ros-wheels-bootstrapper'


def main() -> int:
    """Read a frozen environment from the standard input; print the constraints."""
    lines = [line.strip() for line in sys.stdin]
    beyond = next(i for i, line in enumerate(lines) if line.startswith('## The following'))
    pins = {}
    for number, line in enumerate(lines):
        name, separator, version = line.partition('==')
        if separator and not line.startswith('#'):
            pins[re.sub(r'[-_.]+', '-', name).lower()] = (number, version)
    for name, (number, version) in sorted(pins.items()):
        left_out = name.startswith(_LEFT_OUT) and name != _THE_SAME_FOR_ALL
        if number > beyond and not left_out and f'ros-{name}' not in pins:
            print(f'{name}=={version}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
