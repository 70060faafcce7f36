"""Conditions on figures, such as ``road_iou >= 0.95``, and rules on their differences."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

OPERATORS = {
    '>=': operator.ge,
    '<=': operator.le,
    '>': operator.gt,
    '<': operator.lt,
    '==': operator.eq,
}

_PLACES = {
    ('scores',): 'road_iou miou pixel_accuracy road_precision road_recall road_f1',
    ('no_truth',): 'consistency flicker blackout frozen confidence_drift',
    ('frames',): 'read evaluated bad dropped truth_missing',
    ('live', 'frames', 'total'): 'sent processed lost_by_dds replaced stale failed not_ready',
    (): 'bags_lost',
    ('timings',): 'frames_per_second',
}
FIGURES: dict[str, tuple[str, ...]] = {
    **{name: (*place, name) for place, names in _PLACES.items() for name in names.split()},
    'latency_p50_ms': ('timings', 'latency_ms_p50'),
    'latency_p99_ms': ('timings', 'latency_ms_p99'),
}
"""Figures that conditions may name, and where report.json holds them; the drift has a sign."""

HIGHER_IS_BETTER = {
    'road_iou': True,
    'miou': True,
    'road_precision': True,
    'road_recall': True,
    'consistency': True,
    'flicker': False,
}
"""Figures that rules may name, and whether more of them is better."""

CLASS_PREFIX = 'iou.'
"""``iou.car`` is the IoU of the class ``car``."""

_SHAPE = re.compile(r'\s*([A-Za-z][\w.\- ]*?)\s*(>=|<=|==|>|<)\s*(\S+)\s*')


class ConditionError(ValueError):
    """A condition that cannot be understood; the message says what was expected."""


@dataclass(frozen=True)
class Condition:
    """One figure, an operator and a bound."""

    name: str
    operator: str
    bound: float

    def __str__(self) -> str:
        return f'{self.name} {self.operator} {self.bound:g}'

    def holds(self, measured: float) -> bool:
        """Say whether a measured value fulfils it."""
        return bool(OPERATORS[self.operator](measured, self.bound))


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


def parse_condition(text: str) -> Condition:
    """
    Parse ``NAME OPERATOR NUMBER``.

    :raises ConditionError: if it is not one, or names no figure
    """
    match = _SHAPE.fullmatch(text) if isinstance(text, str) else None
    if not match:
        raise ConditionError(
            f'{text!r} is no condition; expected NAME OPERATOR NUMBER, such as '
            f"'road_iou >= 0.95', with one of {', '.join(OPERATORS)}"
        )
    name, sign, number = match.groups()
    try:
        bound = float(number)
    except ValueError:
        bound = math.nan
    if not math.isfinite(bound):
        raise ConditionError(f'{text!r}: {number!r} is no number')
    if name not in FIGURES and not name.startswith(CLASS_PREFIX):
        raise ConditionError(f'{text!r}: {unknown_figure(name, list(FIGURES))}')
    return Condition(name, sign, bound)


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


def unknown_figure(name: str, known: list[str]) -> str:
    """Say that a figure is not known, which ones are, and which may have been meant."""
    near = get_close_matches(name, known, 1)
    hint = f' (did you mean {near[0]}?)' if near else ''
    return (
        f'{name!r} is no figure{hint}; known are {", ".join(sorted(known))}, and '
        f'{CLASS_PREFIX}CLASS'
    )


def measured(report: Mapping[str, object], name: str) -> float | None:
    """Return a figure of report.json; None if it was not measured."""
    found: object = report
    for key in FIGURES.get(name, ('scores', 'iou', name.removeprefix(CLASS_PREFIX))):
        found = found.get(key) if isinstance(found, Mapping) else None
    if isinstance(found, bool) or not isinstance(found, int | float) or math.isnan(found):
        return None
    return found


def check(report: Mapping[str, object], conditions: Iterable[Condition]) -> list[dict[str, object]]:
    """
    Hold conditions against a report; one whose figure was not measured fails.

    :returns: the entries ``conditions`` of report.json; ``reason`` says why nothing was measured
    """
    entries = []
    for condition in conditions:
        value, reason = measured(report, condition.name), ''
        if value is None:
            reason = 'not measured: no frame ' + (
                'has truth that shows it' if _part(condition.name) == 'scores' else 'allows it'
            )
        entries.append(
            {
                'name': condition.name,
                'condition': str(condition),
                'operator': condition.operator,
                'bound': condition.bound,
                'measured': value,
                'passed': value is not None and condition.holds(value),
                'reason': reason,
            }
        )
    return entries


def verdict_of(entry: Mapping[str, object]) -> str:
    """Say in a line how a condition came out, such as ``FAIL: flicker <= 0.001: 0.00258``."""
    found = entry['reason'] if entry['measured'] is None else f'{entry["measured"]:.6g}'
    return f'{"pass" if entry["passed"] else "FAIL"}: {entry["condition"]}: {found}'


def unmeasurable(name: str, *, truth: bool, live: bool, consistency: bool, confidence: bool) -> str:
    """Say why no evaluation of this kind measures a figure; '' where one does."""
    part = _part(name)
    if part == 'scores' and not truth:
        return f'{name} needs truth; name it: --truth-topic or --truth-folder'
    if part == 'live' and not live:
        return f'{name} is counted in live mode alone: --live'
    if name == 'consistency' and not consistency:
        return 'the consistency is not measured; leave out --no-consistency'
    if name == 'confidence_drift' and not confidence:
        return 'the confidence is not measured; leave out --no-confidence'
    return ''


def _part(name: str) -> str:
    """Return the part of report.json that holds a figure."""
    return 'scores' if name.startswith(CLASS_PREFIX) else FIGURES[name][0]
