"""Hold totals that add up over bags, in any order and from any worker."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

_MILLION = 1_000_000
_COUNTED = 'read evaluated bad lost scored truth_missing truth_bad backwards blackout frozen'


@dataclass
class CameraCounts:
    """
    Count what became of a camera's frames in a bag.

    :param read: images read within the time range, of which every n-th is evaluated
    :param expected: images that the bag's metadata promise in all; 0 if unknown
    :param evaluated: frames that went through the network
    :param bad: frames that could not be decoded
    :param lost: images that the metadata promise and that could not be read
    :param scored: evaluated frames with truth
    :param truth_missing: evaluated frames for which there is no truth
    :param truth_bad: evaluated frames whose truth cannot be compared
    :param backwards: times that its stamps ran backwards
    :param late_ns: time of its first image after the bag's first message
    :param drift: mean confidence of the last quarter less that of the first; None if unknown
    """

    topic: str
    read: int = 0
    expected: int = 0
    evaluated: int = 0
    bad: int = 0
    lost: int = 0
    scored: int = 0
    truth_missing: int = 0
    truth_bad: int = 0
    backwards: int = 0
    late_ns: int = 0
    blackout: int = 0
    frozen: int = 0
    drift: float | None = None


@dataclass(frozen=True)
class BagOutcome:
    """
    Say what became of a bag.

    :param status: ``ok``; ``damaged``: a part of it is lost; ``failed``: all of it
    :param problems: what is lost, and why
    :param notes: what is worth knowing and costs nothing
    """

    path: str
    status: str
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    cameras: dict[str, CameraCounts] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        """Return an entry of report.json."""
        return {
            'path': self.path,
            'status': self.status,
            'error': '; '.join(self.problems),
            'problems': list(self.problems),
            'notes': list(self.notes),
            'frames': sum(camera.evaluated for camera in self.cameras.values()),
            'cameras': {name: dict(vars(camera)) for name, camera in self.cameras.items()},
        }

    @classmethod
    def from_dict(cls, values: dict) -> BagOutcome:
        """Read what :meth:`to_dict` returned."""
        return cls(
            values['path'],
            values['status'],
            tuple(values['problems']),
            tuple(values['notes']),
            {name: CameraCounts(**camera) for name, camera in values['cameras'].items()},
        )


@dataclass
class ShareMean:
    """
    Take the mean of shares, which does not depend on their order.

    :param total: sum of the shares, in millionths: sums of floats depend on the order
    :param frames: how many they are
    """

    total: int = 0
    frames: int = 0

    def add(self, share: float | None) -> None:
        """Add a frame's share; None where it has none."""
        if share is not None:
            self.total += round(share * _MILLION)
            self.frames += 1

    def __add__(self, other: ShareMean) -> ShareMean:
        return ShareMean(self.total + other.total, self.frames + other.frames)

    @property
    def value(self) -> float | None:
        """Return the mean, None without frames."""
        return self.total / _MILLION / self.frames if self.frames else None


@dataclass(frozen=True, eq=False)
class BagTotals:
    """
    Hold the sums of some bags; ``a + b`` are those of both, and nothing depends on the order.

    :param bags: outcomes, sorted by path
    :param confusion: int64 [classes, classes + 1] as :class:`ConfusionMatrix` counts; None
        without truth
    :param ground: int64 [bands, 2, 3] as :class:`GroundCounts` counts; None without poses
    :param confidence: int64 [256], frames by mean confidence (255 is certain)
    :param consistency: of the frames that have neighbours, as ``flicker``
    """

    bags: tuple[BagOutcome, ...] = ()
    confusion: np.ndarray | None = None
    confidence: np.ndarray = field(default_factory=lambda: np.zeros(256, np.int64))
    consistency: ShareMean = field(default_factory=ShareMean)
    flicker: ShareMean = field(default_factory=ShareMean)
    ground: np.ndarray | None = None

    def __add__(self, other: BagTotals) -> BagTotals:
        """
        Return the sums of both.

        :raises ValueError: if their confusion matrices are of different classes
        """
        return BagTotals(
            bags=tuple(sorted((*self.bags, *other.bags), key=lambda bag: bag.path)),
            confusion=_added(self.confusion, other.confusion),
            confidence=self.confidence + other.confidence,
            consistency=self.consistency + other.consistency,
            flicker=self.flicker + other.flicker,
            ground=_added(self.ground, other.ground),
        )

    def __eq__(self, other: object) -> bool:
        """Compare all sums."""
        return isinstance(other, BagTotals) and self.to_dict() == other.to_dict()

    @property
    def frames(self) -> dict[str, int]:
        """Return the counts over all cameras of all bags."""
        cameras = [camera for bag in self.bags for camera in bag.cameras.values()]
        counts = {
            name: sum(getattr(camera, name) for camera in cameras) for name in _COUNTED.split()
        }
        # What was recorded and came to nothing.
        counts['dropped'] = counts['bad'] + counts['lost']
        return counts

    @property
    def confidence_drift(self) -> float | None:
        """Return the camera's drift that is largest in size, None if none was measured."""
        drifts = [
            camera.drift
            for bag in self.bags
            for camera in bag.cameras.values()
            if camera.drift is not None
        ]
        return max(drifts, key=lambda drift: (abs(drift), drift), default=None)

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON types."""
        return {
            'bags': [bag.to_dict() for bag in self.bags],
            'confusion': None if self.confusion is None else self.confusion.tolist(),
            'confidence': self.confidence.tolist(),
            'consistency': vars(self.consistency),
            'flicker': vars(self.flicker),
            'ground': None if self.ground is None else self.ground.tolist(),
        }

    @classmethod
    def from_dict(cls, values: dict) -> BagTotals:
        """Read what :meth:`to_dict` returned."""
        return cls(
            bags=tuple(BagOutcome.from_dict(bag) for bag in values['bags']),
            confusion=_counts(values['confusion']),
            confidence=np.asarray(values['confidence'], np.int64),
            consistency=ShareMean(**values['consistency']),
            flicker=ShareMean(**values['flicker']),
            ground=_counts(values.get('ground')),
        )


def _counts(values: list | None) -> np.ndarray | None:
    return None if values is None else np.asarray(values, np.int64)


def _added(left: np.ndarray | None, right: np.ndarray | None) -> np.ndarray | None:
    if left is None or right is None:
        return right if left is None else left
    return left + right
