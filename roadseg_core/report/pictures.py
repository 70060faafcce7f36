"""Embed pictures into a page: shrunk, as data URIs."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace

import cv2
import numpy as np

from roadseg_core.labels import IGNORE, LabelMap

WIDTH = 640
"""Width of a picture in a page, in pixels, at most."""

_THUMBNAIL = (32, 18)

_ALIKE = 12.0
"""Thumbnails that differ by less grey levels than this, on average, show the same scene."""


@dataclass(frozen=True)
class Picture:
    """
    A caption and an image.

    :param data: content of a JPEG or PNG file
    :param paint: whether it is paint by class, to be laid over another picture
    :param under: what paint is laid over, as ``data``; empty for the first picture of its row
    """

    caption: str
    data: bytes
    paint: bool = False
    under: bytes = b''

    def uri(self, width: int = WIDTH) -> str:
        """Return the image as a data URI, at most ``width`` pixels wide."""
        return _uri(self.data, width)

    def under_uri(self, width: int = WIDTH) -> str:
        """Return what the paint is laid over as a data URI."""
        return _uri(self.under, width)


def photograph(caption: str, image: np.ndarray) -> Picture:
    """Return uint8 [H, W, 3], BGR, as a JPEG picture."""
    return Picture(caption, _encode(image, flat=False))


def painting(caption: str, image: np.ndarray, *, paint: bool = False) -> Picture:
    """Return uint8 [H, W, 3] or [H, W] of flat colours as a PNG picture: no colour is mixed."""
    return Picture(caption, _encode(image, flat=True), paint)


def thumbnail(image: np.ndarray) -> np.ndarray:
    """Return uint8 [18, 32, 3], by which :func:`alike` compares pictures, of one of any size."""
    # Every n-th pixel is enough: each pixel of the thumbnail is the mean of about 64.
    step = max(1, image.shape[1] // (8 * _THUMBNAIL[0]))
    return cv2.resize(image[::step, ::step], _THUMBNAIL, interpolation=cv2.INTER_AREA)


def alike(one: np.ndarray, other: np.ndarray) -> bool:
    """Tell whether two thumbnails show the same scene."""
    return cv2.norm(one, other, cv2.NORM_L1) / one.size < _ALIKE


def doubt_image(confidence: np.ndarray) -> np.ndarray:
    """
    Show where a model is unsure: uint8 [H, W, 3], BGR, dark where it is sure.

    :param confidence: uint8 [H, W], 0..255, the largest probability of a class
    """
    return cv2.applyColorMap(255 - confidence, cv2.COLORMAP_INFERNO)


def calm(label_map: LabelMap) -> LabelMap:
    """Return the map in the colours that a page shows at first, half grey, as its script does."""
    palette = tuple(tuple((value + 150) // 2 for value in colour) for colour in label_map.palette)
    return replace(label_map, palette=palette)


def error_image(
    truth: np.ndarray, labels: np.ndarray, label_map: LabelMap, *, truth_map: LabelMap | None = None
) -> np.ndarray:
    """
    Show where labels are wrong: uint8 [H, W, 3], BGR.

    Red where road was called something else, orange where something else was called road, grey
    where another class was taken for another, dark where it is right, black without truth.

    :param truth: uint8 [H, W], ids of ``truth_map``
    :param labels: uint8 [H, W], ids of ``label_map``
    :param truth_map: None where it is ``label_map``
    """
    truth_map = truth_map or label_map
    is_road = truth_map.road_truth(truth) == 1
    called = label_map.road_called(labels) == 1
    image = np.full((*truth.shape, 3), 48, np.uint8)
    if label_map.names == truth_map.names:
        image[truth != labels] = (150, 150, 150)
    image[is_road & ~called] = (60, 60, 230)
    image[~is_road & called] = (40, 165, 255)
    image[np.isin(truth, (IGNORE, *truth_map.void_ids))] = 0
    return image


def _uri(data: bytes, width: int) -> str:
    jpeg = data[:2] == b'\xff\xd8'
    if width < WIDTH:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        data = _encode(image, flat=not jpeg, width=width)
    text = base64.b64encode(data).decode('ascii')
    return f'data:image/{"jpeg" if jpeg else "png"};base64,{text}'


def _encode(image: np.ndarray, *, flat: bool, width: int = WIDTH) -> bytes:
    if image.shape[1] > width:
        size = (width, max(1, round(image.shape[0] * width / image.shape[1])))
        how = cv2.INTER_NEAREST_EXACT if flat else cv2.INTER_AREA
        image = cv2.resize(image, size, interpolation=how)
    suffix, options = ('.png', []) if flat else ('.jpg', [cv2.IMWRITE_JPEG_QUALITY, 85])
    done, data = cv2.imencode(suffix, image, options)
    if not done:
        raise ValueError(f'image of {image.shape} cannot be written as {suffix}')
    return data.tobytes()
