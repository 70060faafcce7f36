"""
What the doubles of TensorRT and CUDA are made of: functions with the signatures of the real ones.

A double's function is declared with the line by which the real binding's docstring gives its
signature. Calls are checked against that line, and a test compares the line with the docstrings
of the real bindings: so what runs on the doubles calls what the real bindings have.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from enum import IntEnum
from types import ModuleType
from typing import Any


def real(signature: str) -> Callable:
    """Declare a function by its line in the docstring of the real binding; check its calls."""
    name, parameters = parse(signature)

    def decorate(function: Callable) -> Callable:
        @functools.wraps(function)
        def checked(*arguments: Any, **named: Any) -> Any:
            given = dict(zip([parameter for parameter, _, _ in parameters], arguments))
            assert len(arguments) <= len(parameters), f'{signature}: {arguments}'
            assert not given.keys() & named.keys(), f'{signature}: {named}'
            given |= named
            for parameter, kind, optional in parameters:
                assert parameter in given or optional, f'{signature}: no {parameter}'
                if parameter in given and parameter != 'self':
                    assert fits(given.pop(parameter), kind), f'{signature}: {parameter}'
            given.pop('self', None)
            assert not given, f'{signature}: has no {sorted(given)}'
            return function(*arguments, **named)

        checked.__name__ = name
        checked.signature = signature
        return checked

    return decorate


def parse(signature: str) -> tuple[str, list[tuple[str, str, bool]]]:
    """Return the name, and each parameter's name, type and whether it may be left out."""
    name, inner = re.fullmatch(r'(\w+)\((.*)\)(?: -> .*)?', signature).groups()
    parameters = []
    for text in inner.split(', ') if inner else []:
        text, _, default = text.partition(' = ')
        before, _, after = text.partition(': ')
        # C's way, as cuda-python has it for numbers: type, then name.
        kind, _, parameter = ('', '', before) if after else text.rpartition(' ')
        parameters.append((parameter or before, after or kind, bool(default)))
    return name, parameters


def fits(value: object, kind: str) -> bool:
    """Tell whether a value is of a type that a signature names."""
    if kind in ('str', 'int', 'bool', 'tuple'):
        return type(value).__name__ == kind
    if kind == 'buffer':
        return isinstance(value, bytes)
    if kind == 'List[int]':
        return isinstance(value, list) and all(type(item) is int for item in value)
    if kind in ('size_t', 'unsigned int', 'unsigned long long'):
        return type(value) is int and value >= 0
    return not kind or kind in {base.__name__ for base in type(value).__mro__}


def names(module: ModuleType) -> dict[str, str | int | None]:
    """
    Return everything that a double has, by its dotted name.

    :returns: the signature of a function or method, the value of an enumeration's member or of a
        number, and None for what is only there
    """
    found: dict[str, str | int | None] = {}
    for name, value in vars(module).items():
        if name.startswith('__') and name != '__version__':
            continue
        found[name] = described(value)
        if isinstance(value, type):
            members = getattr(value, '__members__', vars(value))
            found |= {
                f'{name}.{key}': described(member)
                for key, member in members.items()
                if not key.startswith('_') or hasattr(member, 'signature')
            }
            if hasattr(value, 'Severity'):
                found |= {
                    f'{name}.Severity.{key}': int(member)
                    for key, member in value.Severity.__members__.items()
                }
    return found


def described(value: object) -> str | int | None:
    """Return the signature or the number that a name of a double stands for."""
    if hasattr(value, 'signature'):
        return value.signature
    return int(value) if isinstance(value, IntEnum) else None
