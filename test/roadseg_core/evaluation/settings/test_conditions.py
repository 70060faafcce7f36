"""Conditions on a report."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadseg_core.evaluation.settings.conditions import (
    FIGURES,
    OPERATORS,
    Condition,
    ConditionError,
    check,
    parse_condition,
)

REPORT = {
    'scores': {'road_iou': 0.96, 'miou': None, 'iou': {'car': 0.4}, 'absent': ['bus']},
    'no_truth': {'flicker': 0.02},
    'frames': {'read': 10, 'dropped': 0},
    'timings': {'latency_ms_p99': 70.5},
}


@given(
    st.sampled_from(sorted(FIGURES)),
    st.sampled_from(sorted(OPERATORS)),
    st.integers(-10_000, 10_000),
)
def test_what_is_printed_parses_to_the_same(name: str, sign: str, number: int) -> None:
    condition = Condition(name, sign, number / 100)
    assert parse_condition(str(condition)) == condition
    assert parse_condition(f'  {name}{sign}{number / 100} ') == condition


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        ('road_iou', 'expected NAME OPERATOR NUMBER'),
        ('road_iou => 1', 'expected NAME OPERATOR NUMBER'),
        ('road_iou >= high', "'high' is no number"),
        ('road_iou >= nan', "'nan' is no number"),
        ('road_iuo >= 0.9', 'did you mean road_iou'),
        ('speed >= 3', 'known are .*flicker.*road_iou'),
        ('', 'expected NAME'),
    ],
)
def test_what_is_no_condition_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ConditionError, match=reason):
        parse_condition(text)


@pytest.mark.parametrize(
    ('text', 'passed', 'reason'),
    [
        ('road_iou >= 0.95', True, ''),
        ('road_iou >= 0.97', False, 'road_iou is 0.96; expected >= 0.97'),
        ('latency_p99_ms <= 66', False, '70.5'),
        ('dropped <= 0', True, ''),
        ('iou.car > 0.3', True, ''),
        ('iou.bus > 0.3', False, 'was not measured'),
        ('iou.boat > 0.3', False, 'its classes are car'),
        ('miou >= 0', False, 'was not measured: there was no truth'),
        ('lost_by_dds <= 0', False, 'live mode'),
    ],
)
def test_conditions_are_held_against_the_report(text: str, passed: bool, reason: str) -> None:
    (outcome,) = check(REPORT, (parse_condition(text),))
    assert outcome.passed is passed
    assert reason in outcome.reason and bool(outcome.reason) is not passed
    assert outcome.to_dict()['condition'] == str(parse_condition(text))


def test_a_report_without_truth_fails_and_does_not_break() -> None:
    (outcome,) = check({'scores': None}, (parse_condition('iou.car >= 0.1'),))
    assert not outcome.passed and outcome.measured is None
