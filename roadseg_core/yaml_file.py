"""Read YAML strictly: no key twice, numbers as YAML 1.2 writes them, every key with its line."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import yaml

if TYPE_CHECKING:
    from pydantic import BaseModel


class YamlError(ValueError):
    """A text that is no usable YAML; the message names the file, the line and the key."""


class LinedMapping(dict):
    """A mapping that knows the line of each of its keys."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[Hashable, int] = {}


class _Loader(yaml.SafeLoader):
    """
    Keep the lines of keys, and refuse a key that stands twice.

    PyYAML follows YAML 1.1, where ``900_100_59`` is the number 90010059, ``1:30`` is 90 and
    ``010`` is 8; here scalars are those of YAML 1.2's core schema.
    """

    yaml_implicit_resolvers: dict = {}

    def construct_lined(self, node: yaml.MappingNode) -> Iterator[LinedMapping]:
        """Construct a mapping in two steps, as PyYAML does: it may hold itself."""
        mapping = LinedMapping()
        yield mapping
        mapping.update(self.construct_mapping(node))
        mapping.lines = {
            self.construct_object(key, deep=True): key.start_mark.line + 1 for key, _ in node.value
        }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable) or key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f'the key {key!r} stands twice', key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)

    def construct_decimal(self, node: yaml.ScalarNode) -> int:
        """Construct a whole number: decimal, ``0o17`` or ``0x1f``."""
        text = self.construct_scalar(node)
        return int(text, 0) if text[:2] in ('0o', '0x') else int(text)


for _tag, _pattern, _first in (
    ('null', r'~|null|Null|NULL|', '~nN\0'),
    ('bool', r'true|True|TRUE|false|False|FALSE', 'tTfF'),
    ('int', r'[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+', '-+0123456789'),
    (
        'float',
        r'[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?'
        r'|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)',
        '-+.0123456789',
    ),
    ('merge', '<<', '<'),
):
    # An empty scalar has no first character: PyYAML looks it up under ''.
    _Loader.add_implicit_resolver(
        f'tag:yaml.org,2002:{_tag}',
        re.compile(f'^(?:{_pattern})$'),
        [*_first.replace('\0', ''), *(['']) * ('\0' in _first)],
    )
_Loader.add_constructor('tag:yaml.org,2002:map', _Loader.construct_lined)
_Loader.add_constructor('tag:yaml.org,2002:int', _Loader.construct_decimal)


def load_mapping(path: str | Path) -> LinedMapping:
    """
    Read a file whose top is a mapping.

    :raises YamlError: if it cannot be read, or is something else
    """
    try:
        content = yaml.load(Path(path).read_text(encoding='utf-8'), Loader=_Loader)
    except (OSError, UnicodeDecodeError) as error:
        raise YamlError(f'{path} cannot be read: {error}') from error
    except yaml.YAMLError as error:
        raise YamlError(f'{path} is no YAML: {error}') from error
    if not isinstance(content, LinedMapping):
        found = 'nothing' if content is None else f'{type(content).__name__} {content!r}'
        raise YamlError(f'{path}: found {found}; expected a mapping, KEY: VALUE')
    return content


def parse_value(text: str) -> object:
    """
    Read a value of a command line, such as the text after ``key=``.

    :raises YamlError: if it is no YAML
    """
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise YamlError(f'{text!r} is no YAML value: {error}') from error


def line_of(content: object, keys: Sequence[str | int]) -> int | None:
    """Return the line of the deepest of nested keys that the file has; None if it has none."""
    line = None
    for key in keys:
        if isinstance(content, Mapping):
            line = getattr(content, 'lines', {}).get(key, line)
            content = content.get(key)
        elif isinstance(content, Sequence) and isinstance(key, int) and key < len(content):
            content = content[key]
        else:
            break
    return line


def describe_errors(
    path: str | Path, content: object, errors: Iterable[Mapping], model: type[BaseModel]
) -> str:
    """
    Say what is wrong with the values of a file, each with its line.

    :param content: what :func:`load_mapping` returned
    :param errors: pydantic's ``ValidationError.errors()``
    :param model: what the values were to be
    """
    reasons = []
    for error in errors:
        keys = error['loc']
        line = line_of(content, keys)
        place = '.'.join(str(key) for key in keys)
        reasons.append(f'{f"line {line}: " if line else ""}{place}: {reason_of(error, model)}')
    return f'{path}: {"; ".join(reasons)}'


def reason_of(error: Mapping, model: type[BaseModel]) -> str:
    """
    Say what was found, and what is expected instead.

    :param error: one of pydantic's ``ValidationError.errors()``
    :param model: what the values were to be
    """
    if error['type'] == 'missing':
        return 'is missing'
    if error['type'] == 'value_error':
        return str(error['ctx']['error'])
    if error['type'] != 'extra_forbidden':
        reason = error['msg'].replace('Input', repr(error['input']), 1)
        return re.sub(r'valid dictionary or instance of \w+', 'mapping', reason)
    *sections, key = error['loc']
    for name in sections:
        if isinstance(name, int):  # a place in a list of what the key before it holds
            continue
        field = getattr(model, 'model_fields', {}).get(name)
        kinds = () if field is None else (field.annotation, *get_args(field.annotation))
        model = next((kind for kind in kinds if hasattr(kind, 'model_fields')), None)
    known = list(getattr(model, 'model_fields', {}))
    near = get_close_matches(str(key), known, 1)
    hint = f' (did you mean {near[0]}?)' if near else ''
    return f'the key is not known{hint}; known are {", ".join(known)}'
