"""Decide by rules whether a model is better: by confidence intervals of the differences."""

from __future__ import annotations

import math
from dataclasses import dataclass

from roadseg_core.evaluation.compare.bootstrap import LEAST_BLOCKS, Interval
from roadseg_core.evaluation.settings.conditions import (
    CLASS_PREFIX,
    HIGHER_IS_BETTER,
    Condition,
    Rule,
)

ACCEPTED, REJECTED, UNDECIDED, NO_RULE = 'accepted', 'rejected', 'undecided', 'no rule'


@dataclass(frozen=True)
class Verdict:
    """
    Hold the outcome of the rules.

    :param reasons: a sentence for each rule
    """

    verdict: str
    reasons: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """Return an entry of comparison.json."""
        return {'verdict': self.verdict, 'reasons': list(self.reasons)}


def decide(condition: Condition, difference: Interval) -> str:
    """Return accepted if the whole interval fulfils a condition, rejected if none of it does."""
    if math.isnan(difference.low):
        return UNDECIDED
    rising = condition.operator in ('>=', '>')
    worst, best = (difference.low, difference.high)[:: 1 if rising else -1]
    if condition.holds(worst):
        return ACCEPTED
    return UNDECIDED if condition.holds(best) else REJECTED


def judge(rules: tuple[Rule, ...], differences: dict[str, Interval]) -> Verdict:
    """
    Apply all rules: rejected if one is, accepted if all are, else undecided.

    Without a rule there is nothing to decide, and the verdict is :data:`NO_RULE`.

    :param differences: by figure; a figure that is missing was not measured
    """
    if not rules:
        return Verdict(NO_RULE, ())
    outcomes, reasons = [], []
    for rule in rules:
        difference = differences.get(rule.condition.name)
        if difference is None or math.isnan(difference.value):
            outcomes.append(UNDECIDED)
            reasons.append(f'{rule}: undecided: it was not measured for both models')
            continue
        outcomes.append(decide(rule.condition, difference))
        reasons.append(f'{rule}: {outcomes[-1]}: {_range(difference)}')
    if REJECTED in outcomes:
        return Verdict(REJECTED, tuple(reasons))
    verdict = UNDECIDED if UNDECIDED in outcomes else ACCEPTED
    return Verdict(verdict, tuple(reasons))


def direction(name: str, difference: Interval) -> str:
    """Say in a word what an interval shows of a figure."""
    if math.isnan(difference.value):
        return 'not measured'
    if math.isnan(difference.low):
        return f'fewer than {LEAST_BLOCKS} blocks'
    if difference.low <= 0 <= difference.high:
        return 'no difference shown'
    rising = HIGHER_IS_BETTER.get(name, name.startswith(CLASS_PREFIX) or None)
    if rising is None:
        return 'higher' if difference.low > 0 else 'lower'
    return 'better' if (difference.low > 0) == rising else 'worse'


def _range(difference: Interval) -> str:
    if math.isnan(difference.low):
        return (
            f'{difference.value:+.4f}, without an interval: it takes {LEAST_BLOCKS} blocks '
            'of frames'
        )
    return f'{difference.value:+.4f}, between {difference.low:+.4f} and {difference.high:+.4f}'
