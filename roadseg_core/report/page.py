"""Write a report page: one HTML file that loads nothing."""

from __future__ import annotations

from pathlib import Path

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from roadseg_core.files import write_atomically
from roadseg_core.labels import LabelMap


def write_page(path: Path, package: str, template: str, **values: object) -> None:
    """
    Render a page to a file.

    :param package: that the template is in, as a file
    :param template: Jinja2; begins with ``{% extends 'base.html.j2' %}``, fills the blocks
        ``title`` and ``body``, and may ``{% import 'macros.html.j2' as report %}``. Filters:
        ``share`` (0.5 as 50.00 %), ``three`` (three decimals; None as none)
    :param values: what the template names; text is escaped, ``Markup`` (SVG) is not
    :raises OSError: if the file cannot be written
    """
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(name, '') for name in (package, __package__)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters['share'] = lambda value: 'none' if value is None else f'{100 * value:.2f} %'
    environment.filters['three'] = lambda value: 'none' if value is None else f'{value:.3f}'
    text = environment.get_template(template).render(**values)
    with write_atomically(path) as temporary:
        temporary.write_text(text, encoding='utf-8')


def class_colours(label_map: LabelMap) -> dict[str, str]:
    """Return the CSS colour of each class by its name."""
    return {
        name: f'rgb({red}, {green}, {blue})'
        for name, (red, green, blue) in zip(label_map.names, label_map.palette)
    }
