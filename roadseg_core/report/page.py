"""Write a report page: one HTML file that loads nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from importlib.resources import files
from os.path import relpath
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from roadseg_core.files import write_atomically
from roadseg_core.labels import LabelMap

LIMIT = 15_000_000
"""Bytes of a page, at most."""

_STEPS = ((640, 1.0), (420, 1.0), (280, 1.0), (200, 1.0), (200, 0.5), (200, 0.2), (160, 0.05))
"""What is tried until a page is small enough: width of pictures, and the share of them shown."""


def write_page(path: Path, package: str, template: str, **values: object) -> None:
    """
    Render a page to a file.

    Pictures shrink, then thin out, until the page is no larger than :data:`LIMIT`; it says so.

    :param package: that the template is in, as a file
    :param template: Jinja2; begins with ``{% extends 'base.html.j2' %}``, fills the blocks
        ``title`` and ``body``, and may ``{% import 'macros.html.j2' as report %}``. Filters:
        ``share`` (0.5 as 50.00 %), ``three`` (three decimals; None as none), ``shown`` (the
        sequence as far as pictures are shown)
    :param values: what the template names; text is escaped, ``Markup`` is not
    :raises OSError: if the file cannot be written
    """
    text = ''
    for width, share in _STEPS:
        text = _render(package, template, width, share, values)
        if len(text.encode()) <= LIMIT:
            break
    with write_atomically(path) as temporary:
        temporary.write_text(text, encoding='utf-8')


def _render(package: str, template: str, width: int, share: float, values: dict[str, Any]) -> str:
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(name, '') for name in (package, __package__)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def shown(items: Sequence) -> Sequence:
        return items[: math.ceil(share * len(items))]

    environment.filters['share'] = lambda value: 'none' if value is None else f'{100 * value:.2f} %'
    environment.filters['three'] = lambda value: 'none' if value is None else f'{value:.3f}'
    environment.filters['shown'] = shown
    environment.globals['asset'] = lambda name: Markup((files(__package__) / name).read_text())
    environment.globals['pictures_are'] = {'width': width, 'share': share, 'whole': _STEPS[0]}
    return environment.get_template(template).render(**values)


def links(page: Path, results: Iterable[Path]) -> dict[str, str]:
    """Return the paths of other results, seen from a page, and their addresses for links."""
    names = [Path(relpath(result, page.parent)).as_posix() for result in results]
    return {name: quote(name) for name in names}


def links_beside(page: Path, names: Iterable[str]) -> dict[str, str]:
    """Return the same of those files and folders of a page's folder that are there."""
    results = (page.parent / name for name in names)
    return links(page, (result for result in results if result.exists()))


def class_colours(label_map: LabelMap) -> dict[str, str]:
    """Return the CSS colour of each class by its name."""
    return {
        name: f'rgb({red}, {green}, {blue})'
        for name, (red, green, blue) in zip(label_map.names, label_map.palette)
    }
