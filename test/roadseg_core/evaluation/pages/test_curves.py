"""The timeline of a bag: what was lost does not look evaluated."""

from __future__ import annotations

import numpy as np

from roadseg_core.evaluation.pages.columns import CameraColumns
from roadseg_core.evaluation.pages.curves import STATES, camera_timeline

PERIOD_NS = 100_000_000


def drawn(columns: CameraColumns) -> list[tuple[str, str]]:
    """Return state and label of each span of a camera."""
    rows, seconds = camera_timeline({'front': columns}, with_truth=False, worst={})
    names = {colour: state for state, colour in STATES.items()}
    assert all(0 <= span.start < span.end <= seconds + 1e-9 for span in rows['front'])
    return [(names[span.colour], span.label) for span in rows['front']]


def columns_of(numbers: list[int], *, jitter: float = 0.0) -> CameraColumns:
    columns = CameraColumns()
    shift = np.random.default_rng(1).uniform(-jitter, jitter, len(numbers))
    for number, late in zip(numbers, shift):
        columns.stamp_ns.append(round((number + late) * PERIOD_NS))
        columns.blackout.append(0)
        columns.frozen.append(0)
    return columns


def test_frames_without_a_gap_are_one_span() -> None:
    assert drawn(columns_of(list(range(20)), jitter=0.2)) == [('evaluated', 'evaluated: 20 frames')]


def test_a_gap_has_its_own_colour_and_is_not_evaluated() -> None:
    assert drawn(columns_of([*range(10), *range(13, 20), *range(21, 30)])) == [
        ('evaluated', 'evaluated: 10 frames'),
        ('evaluated', 'evaluated: 7 frames'),
        ('evaluated', 'evaluated: 9 frames'),
        ('missing', 'missing: about 3 at the usual rate'),
        ('missing', 'missing: about 1 at the usual rate'),
    ]


def test_an_undecodable_image_is_not_missing() -> None:
    columns = columns_of([*range(10), *range(11, 20)])
    columns.bad_ns.append(10 * PERIOD_NS)
    assert [state for state, _ in drawn(columns)] == ['evaluated', 'evaluated', 'undecodable']
