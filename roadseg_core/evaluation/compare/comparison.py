"""Compare the evaluations of two models on the same frames."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from roadseg_core.evaluation.compare.bootstrap import (
    Blocks,
    Interval,
    estimate,
    make_blocks,
    resample,
)
from roadseg_core.evaluation.compare.figures import Figure, Key, frame_difference, frame_figures
from roadseg_core.evaluation.compare.verdict import Verdict, direction, judge
from roadseg_core.evaluation.settings.sections import ComparisonChoice
from roadseg_core.labels import LabelMap


class ComparisonError(ValueError):
    """Two evaluations that cannot be compared; the message says why."""


@dataclass(frozen=True)
class Compared:
    """
    Hold one figure of both models.

    :param first: of the model
    :param second: of the model compared with
    :param difference: first less second, over the same resamples
    :param shown: what the interval shows, in words
    """

    name: str
    first: Interval
    second: Interval
    difference: Interval
    shown: str

    def to_dict(self) -> dict[str, object]:
        """Return an entry of comparison.json."""
        return {
            'name': self.name,
            'model': _plain(self.first),
            'against': _plain(self.second),
            'difference': _plain(self.difference),
            'shown': self.shown,
        }


@dataclass(frozen=True)
class Comparison:
    """
    Hold the comparison of two models.

    :param frames: frames that both evaluated
    :param only_first: frames that the first alone evaluated; left out
    :param only_second: frames that the second alone evaluated; left out
    :param blocks: number of blocks that the frames were drawn in
    :param correlation: of the frames' differences between a block and its next; None if unknown
    :param same_classes: whether both models have the same classes; else they are compared by
        road, and what depends on the classes is left out
    :param most_different: frames, the most different first, one of a block and camera
    """

    frames: int
    only_first: int
    only_second: int
    blocks: int
    correlation: float | None
    same_classes: bool
    figures: tuple[Compared, ...]
    verdict: Verdict
    most_different: tuple[Key, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the content of comparison.json, less what was compared."""
        return {
            'frames': self.frames,
            'only_model': self.only_first,
            'only_against': self.only_second,
            'blocks': self.blocks,
            'block_correlation': self.correlation,
            'same_classes': self.same_classes,
            'figures': [figure.to_dict() for figure in self.figures],
            **self.verdict.to_dict(),
            'most_different': [
                dict(zip(('bag', 'camera', 'stamp_ns', 'index'), key))
                for key in self.most_different
            ],
        }


def compare(
    first: dict[Key, dict],
    second: dict[Key, dict],
    *,
    maps: tuple[LabelMap, LabelMap],
    score_maps: tuple[LabelMap | None, LabelMap | None],
    choice: ComparisonChoice,
) -> Comparison:
    """
    Compare the rows of two evaluations, frame by frame.

    :param maps: the label maps of the two models
    :param score_maps: what the confusion matrices of their rows count; None without truth
    :raises ComparisonError: if they have no frame in common
    """
    keys = sorted(first.keys() & second.keys())
    if not keys:
        raise ComparisonError(
            f'the two evaluations, of {len(first)} and {len(second)} frames, have no frame in '
            'common; expected the same bags and cameras'
        )
    rows, others = [first[key] for key in keys], [second[key] for key in keys]
    blocks = make_blocks(
        [key[0] for key in keys], np.array([key[2] for key in keys], np.int64), choice.block_seconds
    )
    same_classes = maps[0].names == maps[1].names
    same_scores = score_maps[0] is not None and score_maps[0] == score_maps[1]
    figures = _compared(
        frame_figures(rows, score_maps[0], by_class=same_scores, same_classes=same_classes),
        frame_figures(others, score_maps[1], by_class=same_scores, same_classes=same_classes),
        blocks,
        choice,
    )
    differences = np.array(
        [
            frame_difference(row, other, same_classes=same_classes)
            for row, other in zip(rows, others)
        ]
    )
    return Comparison(
        frames=len(keys),
        only_first=len(first) - len(keys),
        only_second=len(second) - len(keys),
        blocks=blocks.count,
        correlation=_block_correlation(differences, keys, blocks),
        same_classes=same_classes,
        figures=figures,
        verdict=judge(choice.rule, {figure.name: figure.difference for figure in figures}),
        most_different=_most_different(differences, keys, blocks, choice.pictures),
    )


def _compared(
    first: dict[str, Figure], second: dict[str, Figure], blocks: Blocks, choice: ComparisonChoice
) -> tuple[Compared, ...]:
    weights = resample(blocks.count, choice.resamples, choice.seed)
    compared = []
    for name in (name for name in first if name in second):
        one, two = first[name], second[name]
        width = one.addends.shape[1]
        both = blocks.sums(np.concatenate((one.addends, two.addends), 1))

        def difference(
            sums: np.ndarray, one: Figure = one, two: Figure = two, width: int = width
        ) -> np.ndarray:
            return one.compute(sums[..., :width]) - two.compute(sums[..., width:])

        intervals = [
            estimate(figure, sums, weights, confidence=choice.confidence)
            for figure, sums in (
                (one.compute, both[:, :width]),
                (two.compute, both[:, width:]),
                (difference, both),
            )
        ]
        if not all(math.isnan(interval.value) for interval in intervals):
            compared.append(Compared(name, *intervals, direction(name, intervals[2])))
    return tuple(compared)


def _most_different(
    differences: np.ndarray, keys: list[Key], blocks: Blocks, count: int
) -> tuple[Key, ...]:
    """Return the frames that differ most, one of each block and camera, none that are equal."""
    chosen: list[Key] = []
    seen: set[tuple[int, str]] = set()
    for index in np.argsort(-differences, kind='stable').tolist():
        place = (int(blocks.ids[index]), keys[index][1])
        if len(chosen) == count or not differences[index] > 0:
            break
        if place not in seen:
            seen.add(place)
            chosen.append(keys[index])
    return tuple(chosen)


def _block_correlation(differences: np.ndarray, keys: list[Key], blocks: Blocks) -> float | None:
    """Correlate means of neighbouring blocks of a bag: near 0 where blocks are long enough."""
    micro = np.round(differences * 1e6).astype(np.int64)
    sums = blocks.sums(np.stack((micro, np.ones_like(micro)), 1))
    means = sums[:, 0] / sums[:, 1]
    bags = {}
    for block, key in zip(blocks.ids.tolist(), keys):
        bags[block] = key[0]
    # What a whole bag has in common says nothing about the length of blocks.
    for bag in set(bags.values()):
        own = [block for block in range(blocks.count) if bags[block] == bag]
        means[own] -= means[own].mean()
    pairs = np.array(
        [
            (means[block], means[block + 1])
            for block in range(blocks.count - 1)
            if bags[block] == bags[block + 1]
        ]
    )
    if len(pairs) < 10 or not pairs.std(0).all():
        return None
    return round(float(np.corrcoef(pairs.T)[0, 1]), 3)


def _plain(interval: Interval) -> dict[str, float | None]:
    values = vars(interval).items()
    return {name: None if math.isnan(value) else round(value, 6) for name, value in values}
