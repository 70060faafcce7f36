"""Totals add up, in any order, and survive JSON."""

from __future__ import annotations

import json
import operator
from functools import reduce

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadseg_core.evaluation.drives.totals import BagOutcome, BagTotals, CameraCounts, ShareMean

counts = st.integers(0, 10**9)
patient = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def totals(draw: st.DrawFn) -> BagTotals:
    camera = CameraCounts(
        '/image',
        read=draw(counts),
        bad=draw(counts),
        lost=draw(counts),
        drift=draw(st.none() | st.floats(-1, 1)),
    )
    return BagTotals(
        bags=(
            BagOutcome(
                draw(st.text(max_size=5)),
                draw(st.sampled_from(('ok', 'damaged'))),
                notes=('a note',),
                cameras={'front': camera},
            ),
        ),
        confusion=draw(
            st.none()
            | st.lists(counts, min_size=6, max_size=6).map(
                lambda values: np.asarray(values, np.int64).reshape(2, 3)
            )
        ),
        confidence=np.random.default_rng(draw(counts)).integers(0, 10**9, 256),
        consistency=ShareMean(draw(counts), draw(counts)),
    )


@patient
@given(
    st.lists(totals(), min_size=1, max_size=4, unique_by=lambda one: one.bags[0].path), st.randoms()
)
def test_the_order_of_adding_does_not_matter(parts: list[BagTotals], random) -> None:
    expected = sum(parts, BagTotals()).to_dict()
    random.shuffle(parts)
    assert reduce(operator.add, parts).to_dict() == expected
    assert [bag['path'] for bag in expected['bags']] == sorted(part.bags[0].path for part in parts)


@patient
@given(totals())
def test_json_keeps_everything(one: BagTotals) -> None:
    assert BagTotals.from_dict(json.loads(json.dumps(one.to_dict()))) == one


def test_figures_of_two_bags_are_those_of_all_frames() -> None:
    first = BagTotals(
        confusion=np.array([[6, 2, 0], [0, 2, 0]]),
        consistency=ShareMean(1_500_000, 2),
        flicker=ShareMean(0, 1),
    )
    second = BagTotals(
        confusion=np.array([[0, 0, 0], [4, 2, 4]]), consistency=ShareMean(1_000_000, 1)
    )
    both = first + second
    assert both.confusion.tolist() == [[6, 2, 0], [4, 4, 4]]
    assert both.consistency.value == pytest.approx(2.5 / 3) and both.flicker.value == 0.0
    assert BagTotals().confusion is None and BagTotals().consistency.value is None


def test_the_drift_is_that_of_the_camera_that_drifts_most() -> None:
    cameras = {
        str(drift): CameraCounts('/image', bad=1, lost=2, drift=drift)
        for drift in (0.1, -0.3, None)
    }
    one = BagTotals(bags=(BagOutcome('bag', 'ok', cameras=cameras),))
    assert one.confidence_drift == -0.3
    assert one.frames['dropped'] == 9
