"""Progress on the terminal."""

from __future__ import annotations

import sys
import time


def say(text: str) -> None:
    """Print a line."""
    print(text, flush=True)


class Steps:
    """Say what is being done, and how far it is: in place on a terminal, else now and then."""

    def __init__(self) -> None:
        self._start = self._shown = time.monotonic()
        self._terminal = sys.stdout.isatty()

    def begin(self, what: str) -> None:
        """Begin a step."""
        say(
            f'{"" if not self._terminal else chr(13) + chr(27) + "[K"}'
            f'[{time.monotonic() - self._start:5.1f} s] {what}'
        )
        self._shown = time.monotonic()

    def progress(self, done: int, total: int) -> None:
        """Say how much is done, of 0 for an unknown total."""
        self.note(f'{done} of {total}' if total else f'{done} frames back')

    def note(self, text: str) -> None:
        """Say something about the step, at most every few seconds."""
        now = time.monotonic()
        if now - self._shown < (0.25 if self._terminal else 5.0):
            return
        self._shown = now
        line = f'[{now - self._start:5.1f} s]   {text}'
        if self._terminal:
            print(f'\r{line}\033[K', end='', flush=True)
        else:
            say(line)
