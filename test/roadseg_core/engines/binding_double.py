"""
What the doubles of TensorRT and CUDA are made of: functions with the signatures of the real ones.

A double's function is declared with the line by which the real binding's docstring gives its
signature. Calls are checked against that line, and a test compares the line with the docstrings
of the real bindings: so what runs on the doubles calls what the real bindings have.
"""

from __future__ import annotations

from collections.abc import Callable
import functools
import re
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


def signatures(module: ModuleType) -> dict[str, str]:
    """Return the signature of each function and method of a double by its dotted name."""
    found = {}
    for name, value in vars(module).items():
        if hasattr(value, 'signature'):
            found[name] = value.signature
        elif isinstance(value, type):
            found |= {f'{name}.{key}': method.signature for key, method in vars(value).items()
                      if hasattr(method, 'signature')}
    return found
