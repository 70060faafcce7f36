"""The scheduler keeps each camera's newest frame, forms batches and accounts for every frame."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, TypeVar

Frame = TypeVar('Frame')


class Outcome(Enum):
    """What became of a received frame."""

    PROCESSED = 'processed'
    REPLACED = 'replaced'
    STALE = 'stale'
    BAD = 'bad'
    FAILED = 'failed'
    NOT_READY = 'not_ready'


@dataclass
class Account:
    """Count one camera's frames: received = the sum of all outcomes + pending."""

    received: int = 0
    pending: int = 0
    outcomes: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))

    def settle(self, outcome: Outcome) -> None:
        """Move one frame from pending to its outcome."""
        self.pending -= 1
        self.outcomes[outcome] += 1

    def to_dict(self) -> dict[str, int]:
        """Return received, every outcome and pending, by name."""
        counts = {outcome.value: count for outcome, count in self.outcomes.items()}
        return {'received': self.received, **counts, 'pending': self.pending}


@dataclass(frozen=True)
class BatchRule:
    """
    Say when a batch forms; times in seconds.

    :param fps: most frames per second of each camera
    :param batch_wait: longest wait for the other cameras that are due and live
    :param camera_timeout: a camera not heard for so long is not waited for
    :param max_frame_age: a frame that waited longer is dropped; 0 turns this off
    :param max_batch: most frames in one batch
    """

    fps: float
    batch_wait: float = 0.010
    camera_timeout: float = 1.0
    max_frame_age: float = 0.0
    max_batch: int = 4


@dataclass(frozen=True)
class Ticket(Generic[Frame]):
    """One frame on its way: whose it is, when it arrived (seconds, steady), and the frame."""

    camera: str
    arrival: float
    frame: Frame


class _Bucket:
    """
    Hold the tokens of one camera: one token is one frame.

    A camera up to 2 % faster than ``fps`` loses nothing, and no camera gets more than ``fps``
    by more than that, so the bucket fills at ``1.02 * fps``. It holds two tokens, so that a
    frame that jitters by up to a period costs the camera no turn.
    """

    FILL = 1.02
    DEPTH = 2.0

    def __init__(self) -> None:
        self._tokens = 1.0
        self._updated: float | None = None

    def due_at(self, now: float, fps: float) -> float:
        """Return the time at which a token is there; ``now`` or earlier means it is."""
        self._fill(now, fps)
        # The tolerance keeps rounding from costing a turn.
        missing = 1.0 - self._tokens - 1e-9
        return now if missing <= 0.0 else now + missing / (self.FILL * fps)

    def take(self, now: float, fps: float) -> None:
        """Take one token."""
        self._fill(now, fps)
        self._tokens -= 1.0

    def _fill(self, now: float, fps: float) -> None:
        if self._updated is not None:
            gained = max(0.0, now - self._updated) * self.FILL * fps
            self._tokens = min(self.DEPTH, self._tokens + gained)
        self._updated = now


class _Slot(Generic[Frame]):
    """Hold the newest frame of one camera, and what the camera is owed."""

    def __init__(self) -> None:
        self.account = Account()
        self.bucket = _Bucket()
        self.ticket: Ticket[Frame] | None = None
        # When the last four frames arrived: three intervals.
        self.arrivals: deque[float] = deque(maxlen=4)
        self.turn = 0

    @property
    def heard(self) -> float | None:
        """When the newest frame arrived."""
        return self.arrivals[-1] if self.arrivals else None

    @property
    def interval(self) -> float | None:
        """The time between the two newest frames."""
        return self.arrivals[-1] - self.arrivals[-2] if len(self.arrivals) > 1 else None


class Scheduler(Generic[Frame]):
    """
    Decide which frames form the next batch; not thread-safe, and never reads a clock.

    A frame that arrives takes its camera's slot, in constant time, and replaces the frame that
    was there. When the engine is free, :meth:`take` gives the batch, or the time to ask again.
    What was taken must be settled frame by frame.
    """

    def __init__(self, cameras: Iterable[str], rule: BatchRule) -> None:
        self.rule = rule
        self._slots: dict[str, _Slot[Frame]] = {camera: _Slot() for camera in cameras}
        self._first_due: float | None = None
        self._turn = 0

    def put(self, camera: str, frame: Frame, now: float) -> None:
        """Receive the newest frame of a camera at the time ``now``."""
        slot = self._slots[camera]
        slot.account.received += 1
        slot.account.pending += 1
        slot.arrivals.append(now)
        if slot.ticket is not None:
            slot.account.settle(Outcome.REPLACED)
        slot.ticket = Ticket(camera, now, frame)

    def refuse(self, camera: str, outcome: Outcome, now: float) -> None:
        """Count a frame that was received and dropped at once, for example while not ready."""
        self._slots[camera].arrivals.append(now)
        account = self._slots[camera].account
        account.received += 1
        account.outcomes[outcome] += 1

    def take(self, now: float) -> tuple[list[Ticket[Frame]], float | None]:
        """
        Give the next batch, if it is time for one.

        :returns: the tickets, at most one per camera, and, where there are none, the time at which
            to ask again (None: when a frame arrives)
        """
        self._drop_old(now)
        due_at = {
            camera: slot.bucket.due_at(now, self.rule.fps) for camera, slot in self._slots.items()
        }
        waiting = [camera for camera, slot in self._slots.items() if slot.ticket is not None]
        ready = [camera for camera in waiting if due_at[camera] <= now]
        if not ready:
            self._first_due = None
            return [], min((due_at[camera] for camera in waiting), default=None)
        if self._first_due is None:
            self._first_due = now
        deadline = self._first_due + self.rule.batch_wait
        if (
            now < deadline
            and len(ready) < self.rule.max_batch
            and any(
                self._is_awaited(camera, due_at[camera], deadline, now)
                for camera in self._slots
                if camera not in ready
            )
        ):
            return [], deadline
        # With more cameras than a batch holds, all get their turn, whichever comes first each time.
        ready.sort(key=lambda camera: self._slots[camera].turn)
        self._first_due = None
        return [self._taken(camera, now) for camera in ready[: self.rule.max_batch]], None

    def settle(self, camera: str, outcome: Outcome) -> None:
        """Say what became of a frame that :meth:`take` gave."""
        self._slots[camera].account.settle(outcome)

    def clear(self, outcome: Outcome) -> None:
        """Drop every frame that waits, counted as ``outcome``."""
        self._first_due = None
        for slot in self._slots.values():
            if slot.ticket is not None:
                slot.ticket = None
                slot.account.settle(outcome)

    def accounts(self) -> dict[str, dict[str, int]]:
        """Return the counts of every camera."""
        return {camera: slot.account.to_dict() for camera, slot in self._slots.items()}

    def arrivals(self, camera: str) -> tuple[float | None, float]:
        """Return when the newest frame arrived, and how long three intervals are of late."""
        arrivals = self._slots[camera].arrivals
        if not arrivals:
            return None, 0.0
        mean = (arrivals[-1] - arrivals[0]) / max(1, len(arrivals) - 1)
        return arrivals[-1], 3.0 * mean

    def _is_awaited(self, camera: str, due_at: float, deadline: float, now: float) -> bool:
        slot = self._slots[camera]
        if slot.heard is None or now - slot.heard > self.rule.camera_timeout or due_at > deadline:
            return False
        if slot.ticket is not None or slot.interval is None:
            return True
        # Its next frame comes an interval after its last: no use in waiting if that is too late.
        return slot.heard + slot.interval <= deadline

    def _taken(self, camera: str, now: float) -> Ticket[Frame]:
        slot = self._slots[camera]
        ticket, slot.ticket = slot.ticket, None
        slot.bucket.take(now, self.rule.fps)
        self._turn += 1
        slot.turn = self._turn
        return ticket

    def _drop_old(self, now: float) -> None:
        if self.rule.max_frame_age <= 0.0:
            return
        for slot in self._slots.values():
            ticket = slot.ticket
            if ticket is not None and now - ticket.arrival > self.rule.max_frame_age:
                slot.ticket = None
                slot.account.settle(Outcome.STALE)
