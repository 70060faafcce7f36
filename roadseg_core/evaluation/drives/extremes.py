"""The worst and the best frames, or all of a short folder, as pictures for the report."""

from __future__ import annotations

import json
from bisect import insort
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from roadseg_core.evaluation.drives.analysis import Analysed
from roadseg_core.labels import LabelMap
from roadseg_core.pipeline.frame import OutputOptions
from roadseg_core.report.pictures import alike, doubt_image, error_image

APART_NS = 1_000_000_000
"""Frames nearer to one another than this show the same scene: one of them is enough."""

SHORT = 24
"""Of a folder of this many pictures, or fewer, all are kept."""

_WIDTH = 640
KINDS = ('worst', 'best', 'all')
SMOOTH = ('frame', 'confidence')
"""Pictures whose colours may be mixed: files of them are JPEG, of the others PNG."""

_FIGURES = ('road_iou', 'miou', 'consistency', 'confidence')
_KEPT = ('bag', 'camera', 'index', 'stamp_ns', 'road_share', 'blackout', *_FIGURES)


_Kept = tuple[float, str, int, Analysed]
"""A score, lower is kept first, then camera and index, which order equal scores, and the frame."""


def figure_of(row: dict[str, object]) -> str:
    """Name the figure that a frame is judged by: the first that was measured."""
    return next((name for name in _FIGURES if row[name] is not None), '')


class Extremes:
    """
    Keep some frames of a bag.

    :param count: frames to keep of each kind
    :param names: what the frames are called, in order, where they are pictures
    """

    def __init__(self, count: int, names: Sequence[str] = ()) -> None:
        self._count, self._names = count, names
        self._every = count > 0 and 0 < len(names) <= SHORT
        self._kept: dict[str, list[_Kept]] = {kind: [] for kind in KINDS}
        self._figure = ''

    def offer(self, frame: Analysed) -> None:
        """Keep a frame if it is among the worst or the best, or if all are kept."""
        figure = figure_of(frame.row)
        if self._every:
            insort(self._kept['all'], (0.0, frame.row['camera'], frame.row['index'], frame))
            return
        if not figure or (self._figure and _FIGURES.index(figure) > _FIGURES.index(self._figure)):
            return
        if figure != self._figure:
            # Frames judged by one figure are not compared with those judged by another.
            self._figure = figure
            self._kept = {kind: [] for kind in KINDS}
        value, place = float(frame.row[figure]), (frame.row['camera'], frame.row['index'])
        self._offer('worst', (value, *place, frame))
        self._offer('best', (-value, *place, frame))

    def write(self, folder: Path, label_map: LabelMap, truth_map: LabelMap) -> None:
        """
        Write the kept frames' pictures, and ``pictures.json`` that describes them.

        :raises OSError: if the disk is full
        """
        folder.mkdir(parents=True, exist_ok=True)
        entries = []
        for kind, kept in self._kept.items():
            for number, (*_, frame) in enumerate(kept):
                files = {}
                for name, image in _pictures(frame, label_map, truth_map).items():
                    suffix = '.jpg' if name in SMOOTH else '.png'
                    files[name] = f'{kind}_{number}_{name}{suffix}'
                    # imwrite does not say why it fails.
                    (folder / files[name]).write_bytes(cv2.imencode(suffix, image)[1].tobytes())
                entries.append(
                    {
                        'kind': kind,
                        'figure': figure_of(frame.row),
                        'name': self._names[frame.row['index']] if self._names else '',
                        'files': files,
                        'row': {key: frame.row[key] for key in _KEPT},
                    }
                )
        (folder / 'pictures.json').write_text(json.dumps(entries, indent=1), encoding='utf-8')

    def _offer(self, kind: str, new: _Kept) -> None:
        kept = self._kept[kind]
        if self._count == 0 or (len(kept) == self._count and not new < kept[-1]):
            return
        near = [old for old in kept if _same_scene(old[-1], new[-1])]
        if any(old < new for old in near):
            return
        for old in near:
            kept.remove(old)
        insort(kept, new)
        del kept[self._count :]


def _same_scene(one: Analysed, other: Analysed) -> bool:
    if one.row['camera'] != other.row['camera']:
        return False
    if abs(one.row['stamp_ns'] - other.row['stamp_ns']) < APART_NS:
        return True
    return alike(one.thumbnail, other.thumbnail)


def _pictures(frame: Analysed, label_map: LabelMap, truth_map: LabelMap) -> dict[str, np.ndarray]:
    work, wanted = frame.work, ['label']
    if frame.row['confidence'] is not None:
        wanted.append('confidence')
    made = work.frame.outputs(
        work.run.result, 0, wanted, label_map=label_map, options=OutputOptions()
    )
    labels = made['label']
    found = {
        'frame': work.frame.image,
        'labels': label_map.colorize(labels),
    }
    if frame.truth is not None:
        found['truth'] = truth_map.colorize(frame.truth)
        found['errors'] = error_image(frame.truth, labels, label_map, truth_map=truth_map)
    if 'confidence' in made:
        found['confidence'] = doubt_image(made['confidence'])
    return {name: _shrunk(picture, flat=name not in SMOOTH) for name, picture in found.items()}


def _shrunk(image: np.ndarray, *, flat: bool) -> np.ndarray:
    height, width = image.shape[:2]
    if width <= _WIDTH:
        return image
    return cv2.resize(
        image,
        (_WIDTH, max(1, round(height * _WIDTH / width))),
        interpolation=cv2.INTER_NEAREST_EXACT if flat else cv2.INTER_AREA,
    )
