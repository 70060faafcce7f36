from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadseg_core.ground import GridSpec

LENGTH = st.floats(0.5, 30)


@settings(deadline=None)
@given(LENGTH, LENGTH, st.floats(0.05, 0.4), st.floats(-50, 50), st.floats(-50, 50))
def test_every_cell_is_found_by_its_middle(
    length: float, width: float, resolution: float, x: float, y: float
) -> None:
    spec = GridSpec(length, width, resolution, x, y)
    cells, inside = spec.cells_of(spec.centres().reshape(-1, 2))
    assert inside.all()
    np.testing.assert_array_equal(cells, np.arange(spec.rows * spec.columns))


def test_cells_are_in_the_order_of_an_occupancy_grid() -> None:
    spec = GridSpec()
    assert spec.shape == (400, 400)
    assert spec.origin == (-20, -20)
    cells, inside = spec.cells_of(np.array([[-19.95, -19.95], [-19.85, -19.95], [0, 20.01]]))
    assert (cells[0], cells[1], inside.tolist()) == (0, 1, [True, True, False])


@pytest.mark.parametrize(
    'values', [(0, 40, 0.1), (40, 40, -0.1), (40, math.nan, 0.1), (40, 40, 0.001), (1, 1, 9)]
)
def test_impossible_grids_are_refused(values: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match='ground grid of .*expected'):
        GridSpec(*values)
