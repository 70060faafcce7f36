"""Declare the options of commands: types and help follow from their defaults."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path

_METAVARS = {int: 'N', Path: 'FILE'}
_LARGEST_SIDE = 16384


def add_option(
    parser: argparse._ActionsContainer, name: str, about: str, default: object = None, **how: object
) -> None:
    """
    Declare an option, or an argument where the name has no dashes.

    :param about: its help, to which the default is added unless it speaks of one
    :param default: or the type, where there is none; False makes a switch
    :param how: more of what ``add_argument`` takes
    """
    if default is False:
        how['action'] = 'store_true'
    elif default is not None:
        kind = default if isinstance(default, type) else type(default)
        how.setdefault('type', kind)
        if kind is not default:
            how['default'] = default
        if name.startswith('-') and kind in _METAVARS and 'choices' not in how:
            how.setdefault('metavar', _METAVARS[kind])
    none = how.get('default') in (None, [], ())
    is_value = name.startswith('-') and how.get('action', 'append') == 'append'
    if 'default' not in about and not how.get('required') and (is_value or not none):
        about += ' (default: none)' if none else ' (default: %(default)s)'
    parser.add_argument(name, help=about, **how)


def image_size(text: str) -> tuple[int, int]:
    """Parse ``WIDTHxHEIGHT`` of an option; return (height, width)."""
    match = re.fullmatch(r'(\d{1,5})x(\d{1,5})', text)
    if not match or not all(1 <= int(side) <= _LARGEST_SIDE for side in match.groups()):
        raise argparse.ArgumentTypeError(f'{text!r} is not WIDTHxHEIGHT, such as 640x480')
    return int(match[2]), int(match[1])


def number_within(least: float, most: float) -> Callable[[str], float]:
    """Return what parses a number of an option, and refuses one out of the range, or none."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float('nan')
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f'{text!r}; expected {least:g} to {most:g}')
        return value

    return parse
