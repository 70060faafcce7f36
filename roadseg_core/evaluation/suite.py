"""The JUnit file of one call: an error from the beginning, until it is known how it ended."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from pathlib import Path

from roadseg_core.evaluation.junit import Case, write_junit
from roadseg_core.evaluation.settings.settings import EvaluationError


class SuiteFile:
    """
    Keep the JUnit file of a call true, however the call ends.

    A call that is killed, or whose machine stops, leaves the error that it began with, and no
    earlier call's success.

    :param path: None for no file
    """

    def __init__(self, path: Path | None) -> None:
        self.name = 'evaluate_bag'
        self._path = path
        self._started = time.perf_counter()
        self._timestamp = datetime.now(timezone.utc).strftime('%Y-%m-%dT%H:%M:%S')

    def begin(self) -> None:
        """
        Write that the call has not come to its end.

        :raises EvaluationError: if the file cannot be written; as the other methods
        """
        self.fail('it did not come to its end')

    def fail(self, reason: str) -> None:
        """Write why the call could not run."""
        self._write([Case('evaluation', 'runs', error=reason)])

    def finish(self, cases: list[Case]) -> None:
        """Write what came out."""
        self._write([Case('evaluation', 'runs'), *cases])

    def _write(self, cases: list[Case]) -> None:
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_junit(
                self._path,
                self.name,
                cases,
                seconds=time.perf_counter() - self._started,
                timestamp=self._timestamp,
            )
        except OSError as error:
            raise EvaluationError(
                f'--junit {self._path} cannot be written: {error.strerror or error}'
            ) from error
