"""Draw a timeline per camera as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

_WIDTH, _ROW, _LEFT, _RIGHT, _FOOT = 1080, 30, 150, 12, 24


@dataclass(frozen=True)
class Span:
    """A coloured stretch of a row, from ``start`` to ``end`` in seconds."""

    start: float
    end: float
    colour: str
    label: str = ''


def timeline(rows: Mapping[str, Sequence[Span]], *, about: str, seconds: float) -> Markup:
    """
    Draw rows of spans over a common axis.

    :param rows: spans by the row's name; later ones cover earlier ones
    :param about: what it shows, for those who cannot see it
    :param seconds: at the right end of the axis, which begins at 0
    :returns: an SVG element
    """
    height = _ROW * len(rows) + _FOOT
    inner = _WIDTH - _LEFT - _RIGHT
    scale = inner / max(seconds, 1e-12)
    parts = [
        f'<svg class="wide" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-label="{escape(about)}">'
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
            left = min(_LEFT + span.start * scale, _WIDTH - _RIGHT - wide)
            parts.append(
                f'<rect x="{left:.1f}" y="{top}" width="{wide:.1f}" height="20" '
                f'fill="{span.colour}"><title>{escape(span.label)}</title></rect>'
            )
    parts.append(
        f'<text x="{_LEFT}" y="{height - 6}">0 s</text>'
        f'<text x="{_WIDTH - _RIGHT}" y="{height - 6}" text-anchor="end">{seconds:.1f} s</text>'
        '</svg>'
    )
    return Markup(''.join(parts))
