"""Draw fused grids over the exact ground."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from roadseg_core.ground import END

_SCALE = 2
_MARGIN = 14
_COLOURS = {
    'road, not seen': (96, 96, 96),
    'road, called road': (64, 160, 48),
    'called road, is not': (40, 40, 230),
    'end of a ray': (60, 220, 250),
    'nothing known': (24, 24, 24),
}
_UNSEEN_ROAD, _FOUND, _FALSE, _END, _UNKNOWN = (
    np.array(colour, np.uint8) for colour in _COLOURS.values()
)


def draw_grids(grids: Sequence[tuple[str, np.ndarray]], truth: np.ndarray) -> np.ndarray:
    """
    Draw grids side by side, each with its title, and what the colours mean below.

    :param grids: title and int8 [rows, columns] of each
    :param truth: uint8 [rows, columns], 1 road
    :returns: uint8 [H, W, 3], BGR; ahead is up, left is left
    """
    panels = []
    for title, cells in grids:
        panel = draw_grid(cells, truth, _SCALE)
        panel = cv2.copyMakeBorder(
            panel, 40, _MARGIN, _MARGIN, _MARGIN, cv2.BORDER_CONSTANT, value=(255,) * 3
        )
        panels.append(_write(panel, title, (_MARGIN, 28), 0.7))
    picture = np.hstack(panels)
    legend = np.full((36, picture.shape[1], 3), 255, np.uint8)
    x = _MARGIN
    for meaning, colour in _COLOURS.items():
        cv2.rectangle(legend, (x, 4), (x + 20, 24), colour, cv2.FILLED)
        _write(legend, meaning, (x + 28, 20), 0.5)
        x += 60 + cv2.getTextSize(meaning, cv2.FONT_HERSHEY_SIMPLEX, 0.5, 1)[0][0]
    return np.vstack([picture, legend])


def from_above(cells: np.ndarray, scale: int = 1) -> np.ndarray:
    """
    Turn a grid into a picture: ahead is up, left is left.

    :param cells: [rows along y, columns along x, ...]
    :param scale: side of a cell in pixels
    :returns: [scale * columns, scale * rows, ...]
    """
    turned = np.ascontiguousarray(np.swapaxes(cells, 0, 1)[::-1, ::-1])
    return cv2.resize(turned, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST)


def draw_grid(cells: np.ndarray, truth: np.ndarray, scale: int = 1) -> np.ndarray:
    """Return uint8 [scale * columns, scale * rows, 3], BGR, of one grid; ahead is up."""
    called = (cells >= 0) & (cells < END)
    kinds = [cells == END, called & (truth == 1), called, truth == 1]
    colours = [_END, _FOUND, _FALSE, _UNSEEN_ROAD]
    picture = np.full((*cells.shape, 3), _UNKNOWN, np.uint8)
    for kind, colour in reversed(list(zip(kinds, colours))):
        picture[kind] = colour
    return from_above(picture, scale)


def _write(image: np.ndarray, text: str, place: tuple[int, int], size: float) -> np.ndarray:
    return cv2.putText(
        image, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, (0, 0, 0), 1, cv2.LINE_AA
    )
