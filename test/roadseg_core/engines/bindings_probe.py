"""
Look at the real bindings of TensorRT and CUDA, in a process of its own.

Run with the stub libraries on LD_LIBRARY_PATH and the bindings on PYTHONPATH. Reads dotted names
from standard input, and writes for each what the bindings have: None if nothing, else its
docstring and, where it is a number or an enumeration's member, its value.
"""

from __future__ import annotations

import functools
import json
import sys

import tensorrt_bindings
from cuda.bindings import runtime


def main() -> None:
    """Read names, write what they are."""
    asked = json.load(sys.stdin)
    json.dump(
        {
            'tensorrt': {name: look(tensorrt_bindings, name) for name in asked['tensorrt']},
            'cuda': {name: look(runtime, name) for name in asked['cuda']},
        },
        sys.stdout,
    )


def look(module: object, name: str) -> dict[str, object] | None:
    """Describe what a dotted name stands for."""
    try:
        value = functools.reduce(getattr, name.split('.'), module)
    except AttributeError:
        return None
    is_class = isinstance(value, type)
    try:
        number = None if is_class or isinstance(value, str) else int(value)
    except TypeError:
        number = None
    return {
        'doc': getattr(value, '__doc__', None) or '',
        'number': number,
        'text': value if isinstance(value, str) else '',
    }


if __name__ == '__main__':
    main()
