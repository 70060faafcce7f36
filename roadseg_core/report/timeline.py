"""Draw a timeline per camera as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

_ROW, _LEFT, _RIGHT, _FOOT = 30, 150, 12, 24


@dataclass(frozen=True)
class Span:
    """A coloured stretch of a row, from ``start`` to ``end`` on the common axis."""

    start: float
    end: float
    colour: str
    label: str = ''


def timeline(
    rows: Mapping[str, Sequence[Span]],
    *,
    about: str,
    start: str,
    end: str,
    first: float,
    last: float,
    width: int = 1080,
) -> Markup:
    """
    Draw rows of spans over a common axis.

    :param rows: spans by the row's name; later ones cover earlier ones
    :param start: text under the left end of the axis, at ``first``
    :param end: text under the right end, at ``last``
    :returns: an SVG element
    """
    height = _ROW * len(rows) + _FOOT
    inner = width - _LEFT - _RIGHT
    scale = inner / max(last - first, 1e-12)
    parts = [
        f'<svg class="wide" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(about)}">'
    ]
    for number, (name, spans) in enumerate(rows.items()):
        top = number * _ROW + 5
        parts.append(
            f'<text x="0" y="{top + 15}">{escape(name)}</text>'
            f'<rect x="{_LEFT}" y="{top}" width="{inner}" height="20" fill="#eceff3"/>'
        )
        for span in spans:
            # A single frame of a long drive is thinner than a pixel, and must still be seen.
            wide = max(1.5, (span.end - span.start) * scale)
            left = min(_LEFT + (span.start - first) * scale, width - _RIGHT - wide)
            parts.append(
                f'<rect x="{left:.1f}" y="{top}" width="{wide:.1f}" height="20" '
                f'fill="{span.colour}"><title>{escape(span.label)}</title></rect>'
            )
    parts.append(
        f'<text x="{_LEFT}" y="{height - 6}">{escape(start)}</text>'
        f'<text x="{width - _RIGHT}" y="{height - 6}" text-anchor="end">{escape(end)}</text>'
        '</svg>'
    )
    return Markup(''.join(parts))
