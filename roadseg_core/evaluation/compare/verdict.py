"""Is the new model better: a rule over differences, decided by their confidence intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

from roadseg_core.evaluation.compare.bootstrap import LEAST_BLOCKS, Interval
from roadseg_core.evaluation.settings.conditions import (
    CLASS_PREFIX,
    Condition,
    ConditionError,
    parse_condition,
    unknown_figure,
)

HIGHER_IS_BETTER = {
    'road_iou': True,
    'miou': True,
    'road_precision': True,
    'road_recall': True,
    'consistency': True,
    'flicker': False,
}
"""Figures that rules may name, and whether more of them is better."""

ACCEPTED, REJECTED, UNDECIDED, NO_RULE = 'accepted', 'rejected', 'undecided', 'no rule'


@dataclass(frozen=True)
class Rule:
    """
    Bound the difference, model less the one compared with, of one figure.

    ``road_iou >= -0.005`` accepts a model that surely loses no more than half a point;
    ``road_iou > 0`` one that is surely better.
    """

    condition: Condition

    def __str__(self) -> str:
        return f'difference of {self.condition}'

    def decide(self, difference: Interval) -> str:
        """Return accepted if the whole interval holds, rejected if none of it does."""
        if math.isnan(difference.low):
            return UNDECIDED
        rising = self.condition.operator in ('>=', '>')
        worst, best = (
            (difference.low, difference.high) if rising else (difference.high, difference.low)
        )
        if self.condition.holds(worst):
            return ACCEPTED
        return UNDECIDED if self.condition.holds(best) else REJECTED


@dataclass(frozen=True)
class Verdict:
    """
    Say what came of the rules.

    :param reasons: a sentence for each rule
    """

    verdict: str
    reasons: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """Return an entry of comparison.json."""
        return {'verdict': self.verdict, 'reasons': list(self.reasons)}


def parse_rule(text: str) -> Rule:
    """
    Parse ``FIGURE OPERATOR NUMBER`` over a difference.

    :raises ConditionError: if it is none
    """
    condition = parse_condition(text)
    if condition.name not in HIGHER_IS_BETTER and not condition.name.startswith(CLASS_PREFIX):
        raise ConditionError(
            f'{text!r}: no difference of two models with an interval: '
            f'{unknown_figure(condition.name, list(HIGHER_IS_BETTER))}'
        )
    if condition.operator == '==':
        raise ConditionError(
            f'{text!r}: a difference is never surely equal to a number; '
            'expected one of >=, <=, >, <'
        )
    return Rule(condition)


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
            reasons.append(
                f'{rule}: undecided: it was not measured for both models, or '
                'they have other classes'
            )
            continue
        outcomes.append(rule.decide(difference))
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
