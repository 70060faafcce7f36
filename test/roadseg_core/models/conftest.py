"""One thread for the tests of networks: they are too small for more."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True, scope='module')
def _one_thread(one_thread: None) -> None:
    """Compute on one thread."""
