"""Draw the parts of a data set: the same ones on every machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

T = TypeVar('T')


def hold_out(items: Sequence[T], split: str, *, every: int = 5) -> list[T]:
    """
    Return the ``val`` or ``train`` part: one in ``every`` items is validation.

    From the middle of each such run, so that small sets have a validation frame too.
    """
    return [
        item
        for position, item in enumerate(items)
        if (position % every == every // 2) == (split == 'val')
    ]


def draw_parts(items: Sequence[T], shares: Mapping[str, float], *, seed: int) -> dict[str, list[T]]:
    """
    Split items at random into parts, each in the order of ``items``.

    :param shares: the share of each part; the first takes what rounding leaves over
    """
    order = np.random.default_rng(seed).permutation(len(items))
    parts: dict[str, list[T]] = {}
    start = len(items)
    for name in reversed(list(shares)[1:]):
        count = round(len(items) * shares[name])
        parts[name] = [items[i] for i in sorted(order[start - count : start])]
        start -= count
    parts[next(iter(shares))] = [items[i] for i in sorted(order[:start])]
    return parts


def draw_evenly(groups: Mapping[str, Sequence[T]], count: int, *, seed: int) -> list[T]:
    """
    Draw as equally many as can be from each group; small groups give all they have.

    Which items a group gives depends on the seed and that group alone.

    :returns: the items by group name, each group in its own order; fewer than ``count`` only if
        there are fewer
    """
    shares = dict.fromkeys(sorted(groups), 0)
    for _ in range(min(count, sum(map(len, groups.values())))):
        # The first by name takes one more where the count does not divide.
        least = min((name for name in shares if shares[name] < len(groups[name])), key=shares.get)
        shares[least] += 1
    drawn = []
    for name, share in shares.items():
        # Python's hash() differs from process to process.
        rng = np.random.default_rng([seed, *name.encode()])
        chosen = rng.permutation(len(groups[name]))[:share]
        drawn += [groups[name][i] for i in sorted(chosen)]
    return drawn


def spread(items: Sequence[T], count: int | None) -> list[T]:
    """Return ``count`` items evenly over the sequence; all if there are fewer or no count."""
    if count is None or count >= len(items):
        return list(items)
    return [items[(2 * i + 1) * len(items) // (2 * count)] for i in range(count)]
