"""What several folders of tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope='module')
def one_thread() -> Iterator[None]:
    """Compute on one thread, and leave the number as it was: small networks only wait for more."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
