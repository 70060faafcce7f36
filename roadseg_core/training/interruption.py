"""Ctrl-C in training: the first ends a run after its step, the second at once."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType


class Interruption:
    """
    Note Ctrl-C, for :meth:`check` to raise it where nothing is half done.

    :param active: else Ctrl-C does what it did, as outside the main thread
    """

    def __init__(self, *, active: bool) -> None:
        self.asked = False
        self._active = active and threading.current_thread() is threading.main_thread()

    def __enter__(self) -> Interruption:
        if self._active:
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._active:
            signal.signal(signal.SIGINT, self._before)

    def check(self) -> None:
        """Raise KeyboardInterrupt if Ctrl-C was pressed."""
        if self.asked:
            raise KeyboardInterrupt

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
