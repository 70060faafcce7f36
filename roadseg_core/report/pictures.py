"""Embed pictures into a page: shrunk, as data URIs."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import cv2
import numpy as np

from roadseg_core.labels import IGNORE, LabelMap

WIDTH = 420
"""Width of a picture in a page, in pixels."""


@dataclass(frozen=True)
class Picture:
    """A caption and an image as a data URI."""

    caption: str
    uri: str


def photograph(caption: str, image: np.ndarray) -> Picture:
    """Return uint8 [H, W, 3], BGR, as a JPEG picture of at most :data:`WIDTH` pixels."""
    return Picture(caption, _uri(image, '.jpg'))


def painting(caption: str, image: np.ndarray) -> Picture:
    """Return uint8 [H, W, 3] or [H, W] of flat colours as a PNG picture: no colour is mixed."""
    return Picture(caption, _uri(image, '.png'))


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
    is_road = truth_map.road_mask(truth) > 0
    called = label_map.road_mask(labels) > 0
    image = np.full((*truth.shape, 3), 48, np.uint8)
    if label_map.names == truth_map.names:
        image[truth != labels] = (150, 150, 150)
    image[is_road & ~called] = (60, 60, 230)
    image[~is_road & called] = (40, 165, 255)
    image[np.isin(truth, (IGNORE, *truth_map.void_ids))] = 0
    return image


def _uri(image: np.ndarray, suffix: str) -> str:
    height, width = image.shape[:2]
    if width > WIDTH:
        image = cv2.resize(
            image,
            (WIDTH, max(1, round(height * WIDTH / width))),
            interpolation=cv2.INTER_AREA if suffix == '.jpg' else cv2.INTER_NEAREST_EXACT,
        )
    done, data = cv2.imencode(suffix, image)
    if not done:
        raise ValueError(f'image of {image.shape} cannot be written as {suffix}')
    kind = 'jpeg' if suffix == '.jpg' else 'png'
    return f'data:image/{kind};base64,{base64.b64encode(data.tobytes()).decode("ascii")}'
