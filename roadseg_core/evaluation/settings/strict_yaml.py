"""Read YAML strictly: no key twice, no key unknown, every error with its place."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import yaml

T = TypeVar('T')
_MISSING = object()


class YamlError(ValueError):
    """A file that cannot be used; the message names the file, the place and what is expected."""


class _Mapping(dict):
    """A mapping that knows the line of each of its keys."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[Hashable, int] = {}


class _Loader(yaml.SafeLoader):
    """
    Keep the lines of keys, for messages.

    Refuse a key that stands twice: YAML forbids it, PyYAML takes the last.
    """

    def construct_lined(self, node: yaml.MappingNode) -> Iterator[_Mapping]:
        """Construct a mapping in two steps, as PyYAML does: it may hold itself."""
        mapping = _Mapping()
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


_Loader.add_constructor('tag:yaml.org,2002:map', _Loader.construct_lined)


def load_mapping(path: Path) -> Section:
    """
    Read a file whose top is a mapping.

    :raises YamlError: if it cannot be read, or is something else
    """
    try:
        content = yaml.load(path.read_text(encoding='utf-8'), Loader=_Loader)
    except (OSError, UnicodeDecodeError) as error:
        raise YamlError(f'{path} cannot be read: {error}') from error
    except yaml.YAMLError as error:
        raise YamlError(f'{path} is no YAML: {error}') from error
    if not isinstance(content, dict):
        raise YamlError(f'{path}: found {_kind(content)}; expected a mapping, KEY: VALUE')
    return Section(content, path)


class Section:
    """
    Take the values out of a mapping, one by one; what is left at the end is unknown.

    :param path: the file
    :param keys: keys above, for messages
    """

    def __init__(self, content: dict, path: Path, keys: tuple[str, ...] = ()) -> None:
        self._content = dict(content)
        self._lines = content.lines if isinstance(content, _Mapping) else {}
        self._known: list[str] = []
        self._path = path
        self._keys = keys

    @property
    def place(self) -> str:
        """Say where it stands."""
        return ': '.join((str(self._path), *self._keys))

    def __contains__(self, key: str) -> bool:
        return key in self._content

    def keys(self) -> list[str]:
        """Return the keys that have not been taken."""
        return list(self._content)

    def error(self, key: str, reason: str) -> YamlError:
        """Return an error about a key, such as ``engine`` or ``bags[2]``."""
        line = self._lines.get(key.partition('[')[0])
        place = f'{self._path}, line {line}' if line else str(self._path)
        return YamlError(': '.join((place, *self._keys, key, reason)))

    def text(self, key: str, default: Any = _MISSING, *, choices: tuple[str, ...] = ()) -> str:
        """Take a text, one of ``choices`` if there are any."""
        value = self._take(key, default, str, 'a text')
        if choices and value is not default and value not in choices:
            raise self.error(key, f'{value!r}; expected one of {", ".join(choices)}')
        return value

    def number(
        self,
        key: str,
        default: Any = _MISSING,
        *,
        above: float | None = None,
        least: float | None = None,
        most: float | None = None,
    ) -> float:
        """Take a number within bounds."""
        value = self._take(key, default, (int, float), 'a number')
        return self._bounded(key, value, default, above, least, most)

    def whole(
        self,
        key: str,
        default: Any = _MISSING,
        *,
        least: int | None = None,
        most: int | None = None,
    ) -> int:
        """Take a whole number within bounds."""
        value = self._take(key, default, int, 'a whole number')
        return self._bounded(key, value, default, None, least, most)

    def flag(self, key: str, default: Any = _MISSING) -> bool:
        """Take true or false."""
        return self._take(key, default, bool, 'true or false')

    def texts(self, key: str, default: Any = _MISSING) -> tuple[str, ...]:
        """Take a list of texts; one text alone is a list of one."""
        value = self._take(key, default, (list, str), 'a list of texts')
        if value is default:
            return value
        items = [value] if isinstance(value, str) else value
        for number, item in enumerate(items):
            if not isinstance(item, str):
                raise self.error(f'{key}[{number}]', f'found {_kind(item)}; expected a text')
        return tuple(items)

    def parsed(
        self,
        key: str,
        parse: Callable[[str], T],
        default: Any = _MISSING,
    ) -> tuple[T, ...]:
        """Take a list of texts, each parsed; a ValueError of ``parse`` gets its place."""
        items = self.texts(key, default)
        values = []
        for number, item in enumerate(items):
            try:
                values.append(parse(item))
            except ValueError as error:
                raise self.error(f'{key}[{number}]', str(error)) from error
        return tuple(values)

    def section(self, key: str) -> Section | None:
        """Take a mapping; None where it is not there."""
        value = self._take(key, None, dict, 'a mapping')
        return None if value is None else Section(value, self._path, (*self._keys, key))

    def finish(self) -> None:
        """Refuse what nobody has taken."""
        for key in self._content:
            near = get_close_matches(str(key), self._known, 1)
            hint = f' (did you mean {near[0]}?)' if near else ''
            raise self.error(
                str(key), f'the key {key!r} is not known{hint}; known are {", ".join(self._known)}'
            )

    def _take(self, key: str, default: Any, kinds: Any, expected: str) -> Any:
        self._known.append(key)
        value = self._content.pop(key, _MISSING)
        if value is _MISSING or (value is None and default is not _MISSING):
            if default is _MISSING:
                raise YamlError(f'{self.place}: the key {key!r} is missing; expected {expected}')
            return default
        # A bool is an int to Python, and to nobody else.
        if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
            raise self.error(key, f'found {_kind(value)}; expected {expected}')
        return value

    def _bounded(
        self,
        key: str,
        value: Any,
        default: Any,
        above: float | None,
        least: float | None,
        most: float | None,
    ) -> Any:
        if value is default:
            return value
        wanted = [f'more than {above:g}'] if above is not None else []
        wanted += [f'at least {least:g}'] if least is not None else []
        wanted += [f'at most {most:g}'] if most is not None else []
        # Written so that NaN, which YAML knows, fails.
        if not (
            (above is None or value > above)
            and (least is None or value >= least)
            and (most is None or value <= most)
            and value == value
        ):
            raise self.error(key, f'{value}; expected {" and ".join(wanted) or "a number"}')
        return value


def _kind(value: object) -> str:
    if value is None:
        return 'nothing'
    names = {
        dict: 'a mapping',
        list: 'a list',
        str: 'the text',
        bool: 'the value',
        int: 'the number',
        float: 'the number',
    }
    name = names.get(type(value), type(value).__name__)
    return name if isinstance(value, dict | list) else f'{name} {value!r}'
