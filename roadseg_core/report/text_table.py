"""Tables of aligned columns for terminals."""

from __future__ import annotations

from collections.abc import Sequence


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, markdown: bool = False) -> str:
    """Return lines of aligned columns, as Markdown or the first to the left, the others right."""
    widths = [max(len(row[i]) for row in (columns, *rows)) for i in range(len(columns))]
    if markdown:
        lines = [columns, [width * '-' for width in widths], *rows]
        padded = (map(str.ljust, line, widths) for line in lines)
        return '\n'.join(f'| {" | ".join(cells)} |' for cells in padded)
    return '\n'.join(
        '  '.join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths))
        ).rstrip()
        for row in (columns, *rows)
    )
