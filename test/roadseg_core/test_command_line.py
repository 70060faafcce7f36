"""What add_option makes of a default or a type."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from roadseg_core.command_line import add_option, image_size


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser()
    add_option(made, '--count', 'how many', 3)
    add_option(made, '--scale', 'factor; default: none', float)
    add_option(made, '--name', 'what it is called')
    add_option(made, '--quiet', 'say nothing', False)
    add_option(made, 'file', 'to read', Path)
    return made


def test_types_follow_from_the_defaults() -> None:
    found = vars(parser().parse_args(['a', '--scale', '2', '--count', '5']))
    expected = {'count': 5, 'scale': 2.0, 'name': None, 'quiet': False, 'file': Path('a')}
    assert found == expected
    assert parser().parse_args(['a', '--quiet']).quiet


def test_the_help_says_each_default_once() -> None:
    text = ' '.join(parser().format_help().split())
    assert '--count N how many (default: 3)' in text
    assert 'factor; default: none --name' in text


@pytest.mark.parametrize('text', ['640', '0x480', '640x99999', '640x480x3'])
def test_a_size_is_width_and_height(text: str) -> None:
    assert image_size('640x480') == (480, 640)
    with pytest.raises(argparse.ArgumentTypeError, match='WIDTHxHEIGHT'):
        image_size(text)
