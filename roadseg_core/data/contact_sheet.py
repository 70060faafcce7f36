"""Draw many frames of a data set, with their truth painted over them, in one picture."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from roadseg_core.data.source import LabelledFrame
from roadseg_core.labels import IGNORE, NOT_ROAD, LabelMap

_TILE = 480
_COLUMNS = 3
_GAP = 12
_CAPTION = 24
_SWATCH = 22
_BACKGROUND = (24, 24, 24)
_TEXT = (235, 235, 235)
_NOT_ROAD_COLOUR = (200, 40, 40)
_OPACITY = 0.5


def contact_sheet(
    frames: Sequence[LabelledFrame], label_map: LabelMap, *, title: str
) -> np.ndarray:
    """
    Lay out frames in a grid, three a row, with a legend below.

    Truth is blended over the picture in the palette; what is ignored is left in dark grey.

    :param frames: at least one
    :returns: uint8 [H, W, 3], BGR
    """
    tiles = [_tile(frame, label_map) for frame in frames]
    rows = [tiles[start : start + _COLUMNS] for start in range(0, len(tiles), _COLUMNS)]
    heights = [max(len(tile) for tile in row) for row in rows]
    columns = min(_COLUMNS, len(tiles))
    width = max(columns, 2) * (_TILE + _GAP) + _GAP
    legend = _legend_entries(frames, label_map)
    per_line = max(1, (width - _GAP) // 200)
    legend_height = -(-len(legend) // per_line) * (_SWATCH + 10) + _GAP
    height = 2 * _GAP + 36 + sum(value + _CAPTION + _GAP for value in heights) + legend_height
    sheet = Image.new('RGB', (width, height), _BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    draw.text((_GAP, _GAP), title, fill=_TEXT, font=ImageFont.load_default(24))
    small = ImageFont.load_default(15)
    top = 2 * _GAP + 36
    names = iter(frames)
    for row, row_height in zip(rows, heights):
        for column, tile in enumerate(row):
            left = _GAP + column * (_TILE + _GAP)
            sheet.paste(Image.fromarray(tile[..., ::-1]), (left, top))
            draw.text((left, top + len(tile) + 2), next(names).name[-60:], fill=_TEXT, font=small)
        top += row_height + _CAPTION + _GAP
    for position, (colour, text) in enumerate(legend):
        line, place = divmod(position, per_line)
        left, y = _GAP + place * 200, top + line * (_SWATCH + 10)
        draw.rectangle((left, y, left + _SWATCH, y + _SWATCH), fill=colour, outline=_TEXT)
        draw.text((left + _SWATCH + 8, y + 1), text, fill=_TEXT, font=small)
    return np.ascontiguousarray(np.asarray(sheet)[..., ::-1])


def paint_truth(frame: LabelledFrame, label_map: LabelMap) -> np.ndarray:
    """Return uint8 [H, W, 3], BGR: the picture with its truth painted over it."""
    colours = label_map.colorize(frame.labels).astype(np.float32)
    colours[frame.labels == NOT_ROAD] = _NOT_ROAD_COLOUR[::-1]
    image = frame.image.astype(np.float32)
    blended = image * (1 - _OPACITY) + colours * _OPACITY
    ignored = frame.labels == IGNORE
    blended[ignored] = image[ignored].mean(1, keepdims=True) * 0.35
    return blended.round().astype(np.uint8)


def _tile(frame: LabelledFrame, label_map: LabelMap) -> np.ndarray:
    image = paint_truth(frame, label_map)
    height = max(1, round(_TILE * image.shape[0] / image.shape[1]))
    shrinks = image.shape[1] > _TILE
    return cv2.resize(
        image, (_TILE, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_NEAREST
    )


def _legend_entries(
    frames: Sequence[LabelledFrame], label_map: LabelMap
) -> list[tuple[tuple[int, int, int], str]]:
    present = set(np.unique(np.concatenate([np.unique(frame.labels) for frame in frames])))
    entries = [
        (colour, name)
        for i, (colour, name) in enumerate(zip(label_map.palette, label_map.names))
        if i in present
    ]
    if NOT_ROAD in present and NOT_ROAD >= len(label_map.names):
        entries.append((_NOT_ROAD_COLOUR, 'not road'))
    if IGNORE in present:
        entries.append(((45, 45, 45), 'ignored (grey)'))
    return entries
