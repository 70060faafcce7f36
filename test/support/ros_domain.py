"""ROS domains of which each test process has its own, so that no node hears those of others."""

from __future__ import annotations

import fcntl
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

_held: list[IO[str]] = []


def free_domain() -> int:
    """Return a domain that no other test process has; the one before is given up."""
    domain, file = _lock_domain()
    for former in _held:
        former.close()
    _held[:] = [file]
    return domain


@pytest.fixture(scope='session', autouse=True)
def own_domain() -> Iterator[None]:
    """Give this process, and those that it starts, a domain that no other test process has."""
    domain, file = _lock_domain()
    with pytest.MonkeyPatch.context() as patch, file:
        patch.setenv('ROS_DOMAIN_ID', str(domain))
        patch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
        yield


def _lock_domain() -> tuple[int, IO[str]]:
    """Return a domain and the open file whose lock holds it."""
    while True:
        domain = random.SystemRandom().randint(1, 100)
        file = Path(tempfile.gettempdir(), f'roadseg_test_domain_{domain}').open('w')
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return domain, file
        except BlockingIOError:
            file.close()
