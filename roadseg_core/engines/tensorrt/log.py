"""Pass on what TensorRT reports: its log and the progress of a build."""

from __future__ import annotations

import logging
import threading
from collections import deque
from functools import cache

import tensorrt as trt

from roadseg_core.engines.base import Progress

_log = logging.getLogger(__name__)


class TensorRtLog(trt.ILogger):
    """Bring TensorRT's log to Python's, and keep the last errors for our own messages."""

    def __init__(self) -> None:
        trt.ILogger.__init__(self)
        self._levels = {
            trt.ILogger.Severity.INTERNAL_ERROR: logging.ERROR,
            trt.ILogger.Severity.ERROR: logging.ERROR,
            trt.ILogger.Severity.WARNING: logging.WARNING,
            # What TensorRT takes for information is of use to nobody who did not ask for it.
            trt.ILogger.Severity.INFO: logging.DEBUG,
        }
        self._errors: deque[str] = deque(maxlen=3)

    def log(self, severity: trt.ILogger.Severity, msg: str) -> None:
        """Take a message: TensorRT calls this, in any thread."""
        level = self._levels.get(severity)
        if level is None:
            return
        if level == logging.ERROR:
            self._errors.append(msg)
        _log.log(level, 'TensorRT: %s', msg)

    def take_errors(self) -> str:
        """Return the errors since the last call, the newest last."""
        errors = list(self._errors)
        self._errors.clear()
        return '; '.join(errors) or 'TensorRT logged no error'


@cache
def tensorrt_log() -> TensorRtLog:
    """Return the log of this process: TensorRT takes the first one and no other."""
    return TensorRtLog()


class BuildMonitor(trt.IProgressMonitor):
    """
    Tell how far a build is.

    TensorRT reports phases within phases, each of some steps, in any thread. The share is that
    of the outermost phase, with what its inner phases have done of its step in hand; it never
    goes back.

    :param progress: told the innermost phase and the share; returns False to end the build
    """

    def __init__(self, progress: Progress) -> None:
        trt.IProgressMonitor.__init__(self)
        self._progress = progress
        self._lock = threading.Lock()
        self._phases: dict[str, _Phase] = {}
        self._share = 0.0
        self._stopped = False

    def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
        """Take the start of a phase: TensorRT calls this."""
        with self._lock:
            self._phases[phase_name] = _Phase(parent_phase, num_steps)
        self._tell(phase_name)

    def phase_finish(self, phase_name: str) -> None:
        """Take the end of a phase: TensorRT calls this."""
        with self._lock:
            self._phases.pop(phase_name, None)

    def step_complete(self, phase_name: str, step: int) -> bool:
        """Take the end of a step, and say whether to go on: TensorRT calls this."""
        with self._lock:
            if phase_name in self._phases:
                self._phases[phase_name].done = step + 1
        return self._tell(phase_name)

    @property
    def stopped(self) -> bool:
        """Whether the caller wanted the build to end."""
        return self._stopped

    def _tell(self, phase_name: str) -> bool:
        with self._lock:
            for name, phase in self._phases.items():
                if phase.parent not in self._phases:
                    self._share = max(self._share, self._done(name))
            share = self._share
        # An exception could not pass through TensorRT's threads.
        if not self._progress(phase_name, share):
            self._stopped = True
        return not self._stopped

    def _done(self, name: str) -> float:
        """Return the share of a phase that is done, 0 to 1."""
        phase = self._phases[name]
        inner = max(
            (
                self._done(child)
                for child, other in self._phases.items()
                if other.parent == name and child != name
            ),
            default=0.0,
        )
        return min(1.0, (phase.done + inner) / max(1, phase.steps))


class _Phase:
    def __init__(self, parent: str | None, steps: int) -> None:
        self.parent = parent
        self.steps = steps
        self.done = 0
