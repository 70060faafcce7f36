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
    unmeasurable,
    verdict_of,
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
    ('text', 'line'),
    [
        ('road_iou >= 0.95', 'pass: road_iou >= 0.95: 0.96'),
        ('road_iou >= 0.97', 'FAIL: road_iou >= 0.97: 0.96'),
        ('latency_p99_ms <= 66', 'FAIL: latency_p99_ms <= 66: 70.5'),
        ('dropped <= 0', 'pass: dropped <= 0: 0'),
        ('iou.car > 0.3', 'pass: iou.car > 0.3: 0.4'),
        ('iou.bus > 0.3', 'FAIL: iou.bus > 0.3: not measured: no frame has truth that shows it'),
        ('miou >= 0', 'FAIL: miou >= 0: not measured: no frame has truth that shows it'),
        ('confidence_drift >= 0', 'FAIL: confidence_drift >= 0: not measured: no frame allows it'),
    ],
)
def test_conditions_are_held_against_the_report(text: str, line: str) -> None:
    (entry,) = check(REPORT, (parse_condition(text),))
    assert verdict_of(entry) == line
    assert entry['passed'] is line.startswith('pass') and entry['condition'] == text


def test_a_report_without_truth_fails_and_does_not_break() -> None:
    (entry,) = check({'scores': None}, (parse_condition('iou.car >= 0.1'),))
    assert not entry['passed'] and entry['measured'] is None


def test_what_no_evaluation_of_a_kind_measures_is_told_beforehand() -> None:
    measured = {'truth': True, 'live': True, 'consistency': True, 'confidence': True}
    assert not any(unmeasurable(name, **measured) for name in (*FIGURES, 'iou.car'))
    for name, lacks in (
        ('road_iou', 'truth'),
        ('iou.car', 'truth'),
        ('sent', 'live'),
        ('consistency', 'consistency'),
        ('confidence_drift', 'confidence'),
    ):
        assert unmeasurable(name, **{**measured, lacks: False})
