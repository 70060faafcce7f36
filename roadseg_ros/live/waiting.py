"""Wait for a node: until it is ready, and until it has counted every frame."""

from __future__ import annotations

import time

from tqdm import tqdm

from roadseg_ros.live.node import LiveNode
from roadseg_ros.live.recorder import Recorder

_READY_SECONDS = 300.0
_SETTLED_SECONDS = 10.0


def wait_ready(node: LiveNode, recorder: Recorder) -> None:
    """
    Wait until the engine is ready and every output has a publisher.

    :raises LiveError: if the node ends, fails or takes too long
    """
    deadline = time.monotonic() + _READY_SECONDS
    with tqdm(bar_format='{desc} [{elapsed}]', leave=False, disable=None) as bar:
        while True:
            state = recorder.recorded.statuses.get('engine', {}).get('state', '')
            if state == 'READY' and recorder.matched():
                return
            if not node.running:
                raise node.failure(f'ended with exit code {node.exit_code()} before it was ready')
            if state == 'FAILED':
                raise node.failure('could not open its engine')
            if time.monotonic() > deadline:
                raise node.failure(
                    f'was not ready within {_READY_SECONDS:g} s '
                    f'(engine: {state or "no diagnostics"})'
                )
            bar.set_description_str(f'engine: {state.lower() or "waiting for diagnostics"}')
            time.sleep(0.1)


def wait_settled(node: LiveNode, recorder: Recorder) -> None:
    """Wait until two diagnostics after the last image: the last one counts every frame."""
    time.sleep(0.5)
    until = recorder.recorded.reports + 2
    deadline = time.monotonic() + _SETTLED_SECONDS
    while recorder.recorded.reports < until and time.monotonic() < deadline:
        if not node.running:
            raise node.failure(f'died with exit code {node.exit_code()}')
        time.sleep(0.05)
