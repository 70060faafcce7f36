"""One thread for the tests of networks: they are too small for more, which only wait."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(autouse=True, scope='module')
def one_thread() -> Iterator[None]:
    """Compute on one thread, and leave the number as it was."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
