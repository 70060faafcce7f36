"""Read a whole data set and say what is in it and what is wrong with it."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from roadseg_core.data.pairs import PairSource
from roadseg_core.data.source import DataError
from roadseg_core.labels import IGNORE, NOT_ROAD, LabelMap


@dataclass(frozen=True)
class ClassCount:
    """
    Say how often a class of the truth occurs.

    :param becomes: its class in the label map that was asked for; ``ignored`` or ``not road``
        where it becomes none
    """

    id: int
    name: str
    pixels: int
    frames: int
    becomes: str


@dataclass(frozen=True)
class SplitReport:
    """
    Hold what was found in one split.

    :param frames: pairs of image and truth
    :param readable: those of them that are undamaged and fit each other
    :param sizes: frames by size, such as ``1242x375``
    :param classes: every class of the truth
    :param unlabelled: pixels without truth
    :param outside: frames and pixels by id or colour that the label set lacks
    :param problems: what is wrong, a sentence each
    :param repeated: pictures that are there twice, a sentence each
    :param fingerprints: the name of the frame by its picture, to compare splits
    """

    name: str
    split: str
    frames: int
    readable: int
    sizes: Mapping[str, int]
    classes: tuple[ClassCount, ...]
    unlabelled: int
    outside: Mapping[str, tuple[int, int]]
    problems: tuple[str, ...]
    repeated: tuple[str, ...]
    fingerprints: Mapping[str, str]

    @property
    def passed(self) -> bool:
        """Tell whether nothing is wrong; a picture that is there twice is only worth a look."""
        return not self.problems and not self.outside

    def to_dict(self) -> dict[str, object]:
        """Return the report as plain JSON types."""
        pixels = max(1, sum(entry.pixels for entry in self.classes) + self.unlabelled)
        return {
            'split': self.split,
            'name': self.name,
            'frames': self.frames,
            'readable': self.readable,
            'passed': self.passed,
            'sizes': dict(self.sizes),
            'labels': [
                {**vars(entry), 'share': round(entry.pixels / pixels, 6)} for entry in self.classes
            ],
            'unlabelled_share': round(self.unlabelled / pixels, 6),
            'outside': {
                what: {'frames': frames, 'pixels': count}
                for what, (frames, count) in self.outside.items()
            },
            'problems': list(self.problems),
            'repeated': list(self.repeated),
        }


@dataclass(frozen=True)
class _Look:
    """What one frame holds, or why it cannot be read."""

    size: str = ''
    counts: np.ndarray | None = None
    unknown: Mapping[str, int] | None = None
    digest: str = ''
    problem: str = ''


def check_split(
    source: PairSource,
    *,
    split: str,
    label_map: LabelMap,
    others: Iterable[SplitReport] = (),
    progress: Callable[[Iterable], Iterable] = iter,
) -> SplitReport:
    """
    Read every frame of a split.

    :param label_map: the classes that the source gives
    :param others: reports of other splits: a picture must not be in two
    :param progress: goes through an iterable and shows how far it got
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        looks = list(progress(pool.map(lambda index: _look(source, index), range(len(source)))))
    counts = np.zeros(256, np.int64)
    frames = np.zeros(256, np.int64)
    sizes: Counter[str] = Counter()
    outside: dict[str, tuple[int, int]] = {}
    problems = list(source.problems)
    repeated: list[str] = []
    seen: dict[str, str] = {}
    elsewhere = {
        digest: f'{other.split} frame {name}'
        for other in others
        for digest, name in other.fingerprints.items()
    }
    for pair, look in zip(source.pairs, looks):
        if look.problem:
            problems.append(look.problem)
            continue
        counts += look.counts
        frames += look.counts > 0
        sizes[look.size] += 1
        for what, pixels in look.unknown.items():
            before = outside.get(what, (0, 0))
            outside[what] = (before[0] + 1, before[1] + pixels)
            if not before[0]:
                problems.append(
                    f'{pair.truth}: {what} is outside the label map '
                    f'{source.native.name!r} (the first such frame)'
                )
        same = seen.get(look.digest) or elsewhere.get(look.digest)
        if same:
            repeated.append(f'{pair.image}: the same picture as {same}')
        seen.setdefault(look.digest, pair.name)
    return SplitReport(
        source.name,
        split,
        len(source),
        sum(sizes.values()),
        dict(sorted(sizes.items(), key=lambda item: -item[1])),
        tuple(
            ClassCount(
                i, name, int(counts[i]), int(frames[i]), becomes(int(source.table[i]), label_map)
            )
            for i, name in enumerate(source.native.names)
        ),
        int(counts[IGNORE]) - sum(pixels for _, pixels in outside.values()),
        outside,
        tuple(problems),
        tuple(repeated),
        seen,
    )


def becomes(class_id: int, label_map: LabelMap) -> str:
    """Say what an id given by a data set means."""
    return {IGNORE: 'ignored', NOT_ROAD: 'not road'}.get(class_id) or label_map.names[class_id]


def _look(source: PairSource, index: int) -> _Look:
    try:
        image, truth = source.read(index)
    except DataError as error:
        return _Look(problem=str(error))
    height, width = truth.ids.shape
    return _Look(
        f'{width}x{height}',
        np.bincount(truth.ids.ravel(), minlength=256),
        truth.unknown,
        hashlib.sha1(image).hexdigest(),
    )
