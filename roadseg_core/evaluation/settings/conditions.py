"""Conditions on the figures of a report: ``road_iou >= 0.95``, ``latency_p99_ms <= 66``."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

OPERATORS = {
    '>=': operator.ge,
    '<=': operator.le,
    '>': operator.gt,
    '<': operator.lt,
    '==': operator.eq,
}

FIGURES: dict[str, tuple[str, ...]] = {
    'road_iou': ('scores', 'road_iou'),
    'miou': ('scores', 'miou'),
    'pixel_accuracy': ('scores', 'pixel_accuracy'),
    'road_precision': ('scores', 'road_precision'),
    'road_recall': ('scores', 'road_recall'),
    'road_f1': ('scores', 'road_f1'),
    'consistency': ('no_truth', 'consistency'),
    'flicker': ('no_truth', 'flicker'),
    'blackout': ('no_truth', 'blackout'),
    'frozen': ('no_truth', 'frozen'),
    'confidence_drift': ('no_truth', 'confidence_drift'),
    'latency_p50_ms': ('timings', 'latency_ms_p50'),
    'latency_p99_ms': ('timings', 'latency_ms_p99'),
    'frames_per_second': ('timings', 'frames_per_second'),
    'read': ('frames', 'read'),
    'evaluated': ('frames', 'evaluated'),
    'bad': ('frames', 'bad'),
    'dropped': ('frames', 'dropped'),
    'truth_missing': ('frames', 'truth_missing'),
    'bags_lost': ('bags_lost',),
    'sent': ('live', 'frames', 'total', 'sent'),
    'processed': ('live', 'frames', 'total', 'processed'),
    'lost_by_dds': ('live', 'frames', 'total', 'lost_by_dds'),
    'replaced': ('live', 'frames', 'total', 'replaced'),
    'stale': ('live', 'frames', 'total', 'stale'),
    'failed': ('live', 'frames', 'total', 'failed'),
    'not_ready': ('live', 'frames', 'total', 'not_ready'),
}
"""Figures that conditions may name, and where report.json holds them; the drift has a sign."""

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
class Outcome:
    """
    Say how a condition came out.

    :param measured: None where the figure was not measured
    :param reason: why it failed; '' where it passed
    """

    condition: Condition
    measured: float | None
    passed: bool
    reason: str = ''

    def to_dict(self) -> dict[str, object]:
        """Return an entry of report.json."""
        return {
            'name': self.condition.name,
            'condition': str(self.condition),
            'operator': self.condition.operator,
            'bound': self.condition.bound,
            'measured': self.measured,
            'passed': self.passed,
            'reason': self.reason,
        }


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


def unknown_figure(name: str, known: list[str]) -> str:
    """Say that a figure is not known, which ones are, and which may have been meant."""
    near = get_close_matches(name, known, 1)
    hint = f' (did you mean {near[0]}?)' if near else ''
    return (
        f'{name!r} is no figure{hint}; known are {", ".join(sorted(known))}, and '
        f'{CLASS_PREFIX}CLASS'
    )


def measured(report: Mapping[str, object], name: str) -> float | None:
    """
    Return a figure of report.json; None if it was not measured.

    :raises ConditionError: if the report's model has no such class
    """
    if name.startswith(CLASS_PREFIX):
        return _class_iou(report, name.removeprefix(CLASS_PREFIX))
    found: object = report
    for key in FIGURES[name]:
        found = found.get(key) if isinstance(found, Mapping) else None
    if isinstance(found, bool) or not isinstance(found, int | float) or math.isnan(found):
        return None
    return found


def check(report: Mapping[str, object], conditions: tuple[Condition, ...]) -> list[Outcome]:
    """Hold conditions against a report; what was not measured has failed, with the reason."""
    outcomes = []
    for condition in conditions:
        try:
            value = measured(report, condition.name)
        except ConditionError as error:
            outcomes.append(Outcome(condition, None, False, str(error)))
            continue
        if value is None:
            outcomes.append(Outcome(condition, None, False, _not_measured(condition.name)))
        elif condition.holds(value):
            outcomes.append(Outcome(condition, value, True))
        else:
            outcomes.append(
                Outcome(
                    condition,
                    value,
                    False,
                    (
                        f'{condition.name} is {value:.6g}; expected {condition.operator} '
                        f'{condition.bound:g}'
                    ),
                )
            )
    return outcomes


def _class_iou(report: Mapping[str, object], name: str) -> float | None:
    scores = report.get('scores')
    if not isinstance(scores, Mapping):
        return None
    classes = scores.get('iou') or {}
    if name not in classes and name not in (scores.get('absent') or ()):
        raise ConditionError(
            f'{name!r} is no class of this evaluation; its classes are {", ".join(sorted(classes))}'
        )
    return classes.get(name)


def _not_measured(name: str) -> str:
    part = 'iou' if name.startswith(CLASS_PREFIX) else FIGURES[name][0]
    return f'{name} was not measured' + {
        'scores': ': there was no truth to compare with, or the truth does not show it',
        'iou': ': there was no truth to compare with, or the truth does not show it',
        'live': ': frames are sent in live mode only (--live)',
        'no_truth': ': it needs neighbouring frames, and the option that measures it',
    }.get(part, '')
