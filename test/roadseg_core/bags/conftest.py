"""Fixtures of the tests of bags."""

from __future__ import annotations

import resource
from collections.abc import Callable

import pytest


@pytest.fixture
def peak_bytes() -> Callable[[Callable[[], object]], int]:
    """Return a function that says by how much a call raised the most memory in use so far."""

    def measure(call: Callable[[], object]) -> int:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        call()
        return 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)

    return measure
