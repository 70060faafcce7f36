"""Rules over differences."""

from __future__ import annotations

from math import nan

import pytest

from roadseg_core.evaluation.compare.bootstrap import Interval
from roadseg_core.evaluation.compare.verdict import direction, judge
from roadseg_core.evaluation.settings.conditions import ConditionError, parse_rule

BETTER, UNSURE, WORSE = (
    Interval(0.02, 0.01, 0.03),
    Interval(0.005, -0.01, 0.02),
    Interval(-0.02, -0.03, -0.01),
)


@pytest.mark.parametrize(
    ('rule', 'difference', 'expected'),
    [
        ('road_iou > 0', BETTER, 'accepted'),
        ('road_iou > 0', UNSURE, 'undecided'),
        ('road_iou > 0', WORSE, 'rejected'),
        ('road_iou >= -0.02', UNSURE, 'accepted'),
        ('flicker <= 0', WORSE, 'accepted'),
        ('flicker <= 0', BETTER, 'rejected'),
        ('flicker <= 0.025', BETTER, 'undecided'),
        ('road_iou > 0', Interval(0.02, nan, nan), 'undecided'),
    ],
)
def test_the_whole_interval_decides(rule: str, difference: Interval, expected: str) -> None:
    parsed = parse_rule(rule)
    assert judge((parsed,), {parsed.condition.name: difference}).verdict == expected


def test_one_rejected_rule_rejects_and_one_unmeasured_leaves_undecided() -> None:
    rules = (parse_rule('road_iou > 0'), parse_rule('flicker <= 0'))
    both = judge(rules, {'road_iou': UNSURE, 'flicker': BETTER})
    assert both.verdict == 'rejected' and len(both.reasons) == 2
    missing = judge(rules, {'road_iou': BETTER})
    assert missing.verdict == 'undecided'
    assert 'not measured for both' in missing.reasons[1]


@pytest.mark.parametrize('text', ['latency_p99_ms <= 0', 'road_iou == 0', 'dropped <= 0'])
def test_rules_are_of_figures_with_intervals(text: str) -> None:
    with pytest.raises(ConditionError):
        parse_rule(text)


def test_direction_knows_what_is_better() -> None:
    assert direction('road_iou', BETTER) == 'better'
    assert direction('flicker', BETTER) == 'worse'
    assert direction('road_iou', UNSURE) == 'no difference shown'
    assert direction('road_share', WORSE) == 'lower'
    assert direction('iou.car', WORSE) == 'worse'
