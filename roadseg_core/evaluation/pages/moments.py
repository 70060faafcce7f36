"""The frames that the page shows: the worst and best of all bags, all of short folders."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import cv2

from roadseg_core.evaluation.drives.extremes import SMOOTH
from roadseg_core.report.pictures import Picture, painting, photograph

FIGURE_NAMES = {
    'road_iou': 'road IoU',
    'miou': 'mean IoU',
    'consistency': 'temporal consistency',
    'confidence': 'mean confidence',
}
"""Figures that frames are judged by, the first that was measured."""

TELLING = 0.03
"""The best frames are shown only where they are better than the worst by this much."""

_PAINT = ('labels', 'truth')
"""Pictures that are painted by class; the page lays them over the frame."""


@dataclass(frozen=True)
class Moment:
    """A frame with its pictures."""

    title: str
    bag: str
    camera: str
    frame: int
    stamp_ns: int
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Moments:
    """
    Hold the worst and the best frames.

    :param figure: what they were judged by; '' where there are none
    """

    figure: str = ''
    by_kind: dict[str, list[Moment]] = field(default_factory=dict)

    def worst(self, bag: str) -> dict[str, dict[int, int]]:
        """Return numbers of a bag's frames that are among the worst by stamp, by camera."""
        found: dict[str, dict[int, int]] = {}
        for moment in self.by_kind.get('worst', ()):
            if moment.bag == bag:
                found.setdefault(moment.camera, {})[moment.stamp_ns] = moment.frame
        return found


def read_moments(parts: Iterable[Path], *, count: int, first_ns: Mapping[str, int]) -> Moments:
    """
    Take the worst and the best of the frames that the bags kept.

    :param parts: folders of the bags' parts of the results
    :param count: frames of each kind
    :param first_ns: when each bag began, by its path
    :raises OSError: if a part cannot be read
    """
    entries = [
        (part / 'pictures', entry)
        for part in parts
        for entry in json.loads((part / 'pictures' / 'pictures.json').read_text(encoding='utf-8'))
    ]
    figure = next(
        (name for name in FIGURE_NAMES if any(entry['figure'] == name for _, entry in entries)), ''
    )
    chosen = {
        kind: sorted(
            (item for item in entries if item[1]['kind'] == kind and item[1]['figure'] == figure),
            key=lambda item: _order(item[1]['row'], -1 if kind == 'best' else 1, figure),
        )[:count]
        for kind in ('worst', 'best')
    }
    values = [entry['row'][figure] for kind in chosen for _, entry in chosen[kind]]
    if values and max(values) - min(values) < TELLING:
        chosen['best'] = []  # nobody would see why
    by_kind = {
        kind: [_moment(folder, entry, figure, first_ns) for folder, entry in items]
        for kind, items in chosen.items()
    }
    every = [item for item in entries if item[1]['kind'] == 'all']
    common = next(
        (name for name in FIGURE_NAMES if all(of['row'][name] is not None for _, of in every)), ''
    )
    by_kind['all'] = [_moment(folder, entry, common, first_ns) for folder, entry in every]
    return Moments(figure, by_kind)


def read_film(part: Path) -> dict[str, list[tuple[int, int, Picture]]]:
    """
    Read the small pictures of a bag's part: index and stamp of the frame and picture, by camera.

    :raises OSError: if the part cannot be read
    """
    folder = part / 'pictures'
    found: dict[str, list[tuple[int, int, Picture]]] = {}
    for entry in json.loads((folder / 'film.json').read_text(encoding='utf-8')):
        picture = Picture(f'frame {entry["index"]}', (folder / entry['file']).read_bytes())
        found.setdefault(entry['camera'], []).append((entry['index'], entry['stamp_ns'], picture))
    return found


def _order(row: dict, sign: int, figure: str) -> tuple:
    return sign * row[figure], row['bag'], row['camera'], row['index']


def _moment(folder: Path, entry: dict, figure: str, first_ns: Mapping[str, int]) -> Moment:
    row = entry['row']
    pictures = []
    for name, file in entry['files'].items():
        image = cv2.imread(str(folder / file))
        if image is None:
            raise OSError(None, 'is no readable picture', str(folder / file))
        pictures.append(
            photograph(name, image)
            if name in SMOOTH
            else painting(name, image, paint=name in _PAINT)
        )
    blackout = ', blackout' if row['blackout'] else ''
    seconds = (row['stamp_ns'] - first_ns[row['bag']]) / 1e9
    place = entry['name'] or (
        f'camera {row["camera"]}, frame {row["index"]} at {seconds:.2f} s '
        f'(stamp {row["stamp_ns"] / 1e9:.3f})'
    )
    bag = f'{Path(row["bag"]).name}, ' if len(first_ns) > 1 or not entry['name'] else ''
    judged = f': {FIGURE_NAMES[figure]} {row[figure]:.3f}' if figure else ''
    return Moment(
        f'{bag}{place}{judged}{blackout}',
        row['bag'],
        row['camera'],
        row['index'],
        row['stamp_ns'],
        tuple(pictures),
    )
