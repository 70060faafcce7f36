"""Tests of the strict reading of YAML."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from roadseg_core.yaml_file import YamlError, describe_errors, line_of, load_mapping, parse_value


class _Item(BaseModel, extra='forbid'):
    cc: int = 0
    d: dict = {}


class _Top(BaseModel):
    b: tuple[_Item, ...]


@pytest.mark.parametrize(
    ('text', 'value'),
    [
        ('900_100_59', '900_100_59'),
        ('1:30', '1:30'),
        ('010', 10),
        ('0x1f', 31),
        ('0o17', 15),
        ('3e-3', 0.003),
        ('1.', 1.0),
        ('.inf', float('inf')),
        ('no', 'no'),
        ('true', True),
        ('2020-01-01', '2020-01-01'),
        ('', None),
        ('~', None),
        ('[1, {a: b}]', [1, {'a': 'b'}]),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    assert (parse_value(text), type(parse_value(text))) == (value, type(value))


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_read_back(number: float) -> None:
    assert parse_value(repr(number)) == number


def test_keys_know_their_lines(tmp_path: Path) -> None:
    path = tmp_path / 'a.yaml'
    path.write_text('a: 1\nb:\n  - {c: 2}\n  - d:\n      e: 3\nf:\n')
    content = load_mapping(path)
    assert content == {'a': 1, 'b': [{'c': 2}, {'d': {'e': 3}}], 'f': None}
    assert line_of(content, ('a',)) == 1 and line_of(content, ('b', 1, 'd', 'e')) == 5
    assert line_of(content, ('b', 1, 'd', 'missing')) == 4 and line_of(content, ('x',)) is None
    with pytest.raises(ValidationError) as found:
        _Top.model_validate(content)
    assert describe_errors(path, content, found.value.errors(), _Top) == (
        f'{path}: line 3: b.0.c: the key is not known (did you mean cc?); known are cc, d'
    )


@pytest.mark.parametrize(
    ('text', 'message'),
    [('a: 1\na: 2\n', "'a' stands twice"), ('[1]', 'a mapping'), ('', 'nothing'), ('{', 'no YAML')],
)
def test_what_is_no_mapping_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / 'a.yaml'
    path.write_text(text)
    with pytest.raises(YamlError, match=message):
        load_mapping(path)
    with pytest.raises(YamlError, match='cannot be read'):
        load_mapping(tmp_path / 'none.yaml')
