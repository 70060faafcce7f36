"""Wait for the node: until it is ready, and until it has counted every frame."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from roadseg_ros.live.processes import DemoError
from roadseg_ros.live.recorder import Recorded, Recorder

_READY_SECONDS = 300.0
_SETTLED_SECONDS = 10.0


class Running(Protocol):
    """A node that runs, or has ended."""

    @property
    def running(self) -> bool:
        """Say whether it runs."""
        ...

    def exit_code(self) -> int | None:
        """Return the exit code, None while it runs or where it is not known."""
        ...

    def failure(self, what: str) -> DemoError:
        """Return an error about the node."""
        ...


def engine_status(recorded: Recorded) -> dict[str, str]:
    """Return what the diagnostics say of the engine; empty before they came."""
    return next(
        (values for name, values in list(recorded.statuses.items()) if name.endswith('engine')), {}
    )


def wait_ready(node: Running, recorder: Recorder, note: Callable[[str], None]) -> None:
    """
    Wait until the engine is ready and every output has a publisher.

    :param note: told what is waited for
    :raises DemoError: if the node ends, fails or takes too long
    """
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        state = engine_status(recorder.recorded).get('state', '')
        if state == 'READY' and recorder.matched():
            return
        if not node.running:
            raise node.failure(f'ended with exit code {node.exit_code()} before it was ready')
        if state == 'FAILED':
            raise node.failure('could not open its engine')
        if time.monotonic() > deadline:
            raise node.failure(
                f'was not ready within {_READY_SECONDS:g} s (engine: {state or "no diagnostics"})'
            )
        note(state.lower() or 'waiting for diagnostics')
        time.sleep(0.1)


def wait_settled(node: Running, recorder: Recorder) -> None:
    """Wait until two diagnostics after the last image: the last one counts every frame."""
    time.sleep(0.5)
    until = recorder.recorded.reports + 2
    deadline = time.monotonic() + _SETTLED_SECONDS
    while recorder.recorded.reports < until and time.monotonic() < deadline:
        if not node.running:
            raise node.failure(f'died with exit code {node.exit_code()}')
        time.sleep(0.05)
