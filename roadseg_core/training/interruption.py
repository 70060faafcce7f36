"""Handle Ctrl-C in training: the first ends a run after its step, the second at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def noted_interrupts(*, active: bool) -> Iterator[threading.Event]:
    """
    Yield an event that the first Ctrl-C sets, so that nothing is left half done.

    :param active: else Ctrl-C does what it did, as outside the main thread
    """
    asked = threading.Event()

    def note(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    if not active or threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
