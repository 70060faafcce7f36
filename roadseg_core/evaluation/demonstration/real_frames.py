"""Segment the photographs of real roads that the program brings, for the demo's page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np

from roadseg_core.engines import EngineError, open_engine, segment_image
from roadseg_core.labels import LabelMap
from roadseg_core.model_file import ModelFileError
from roadseg_core.pipeline.frame import OutputOptions
from roadseg_core.report.pictures import Picture, painting

_STREETS = files(__package__) / 'streets'


@dataclass(frozen=True)
class RealFrame:
    """
    Hold one photograph, and what a model says of it.

    :param about: what it shows
    :param shares: share of the pixels that took a class, by class, the largest first, by the name
        of an outlined place; classes under half a percent are left out
    """

    file: str
    about: str
    shares: dict[str, dict[str, float]]
    pictures: tuple[Picture, ...]


def notice() -> str:
    """Return the licence of the photographs, which a copy must come with."""
    return (_STREETS / 'LICENSE').read_text(encoding='utf-8')


def try_real_frames(model: Path, backend: str) -> tuple[list[RealFrame], str]:
    """Return the photographs, segmented, and an empty text; or none, and why they are missing."""
    try:
        return list(segment_real_frames(model, backend)), ''
    except (EngineError, ModelFileError, OSError) as error:
        return [], str(error)


def segment_real_frames(model: Path, backend: str) -> Iterator[RealFrame]:
    """
    Yield the photographs, segmented.

    :param backend: as for :func:`roadseg_core.engines.open_engine`
    :raises EngineError: if the engine cannot be opened, or fails
    :raises ModelFileError: if the model file is none
    :raises OSError: if a file cannot be read
    """
    with closing(open_engine(model, backend=backend)) as engine:
        label_map = engine.info.label_map
        for shown in json.loads((_STREETS / 'outlines.json').read_text(encoding='utf-8')):
            data = (_STREETS / shown['file']).read_bytes()
            image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
            frame, result = segment_image(engine, image)
            labels = frame.outputs(
                result, 0, {'label'}, label_map=label_map, options=OutputOptions()
            )['label']
            paint = painting('labels over frame', label_map.colorize(labels), paint=True)
            shares = {
                place: class_shares(labels, outline, label_map)
                for place, outline in shown['outlines'].items()
            }
            yield RealFrame(shown['file'], shown['about'], shares, (Picture('frame', data), paint))


def class_shares(
    labels: np.ndarray, outline: list[list[int]], label_map: LabelMap
) -> dict[str, float]:
    """
    Return the share of each class inside an outline, the largest first, none under 0.005.

    :param labels: uint8 [H, W]
    :param outline: (x, y) of its corners, in pixels
    """
    inside = np.zeros(labels.shape, np.uint8)
    cv2.fillPoly(inside, [np.asarray(outline, np.int32)], 1)
    counts = np.bincount(labels[inside == 1], minlength=len(label_map.names))
    shares = dict(zip(label_map.names, (counts / max(1, counts.sum())).tolist()))
    ordered = sorted(shares.items(), key=lambda item: -item[1])
    return {name: round(share, 4) for name, share in ordered if share >= 0.005}
