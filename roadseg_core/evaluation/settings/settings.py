"""What is evaluated, and how."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

from roadseg_core.evaluation.settings.conditions import Condition

ANNOTATED_STORAGES = ('mcap', 'sqlite3')
TRUTH_KEYS = ('stamp', 'index')


class EvaluationError(Exception):
    """An evaluation that cannot be run; the message says found, expected and the fix."""


@dataclass(frozen=True)
class Truth:
    """
    Say where the true label images are; nowhere, unless topics or a folder are named.

    :param topics: topic by camera, in the bag; the name ``*`` stands for every camera, and
        ``{camera}`` in its topic for the camera's name
    :param folder: folder of label images (PNG), with a folder for each camera in it, or, where
        a bag has one camera, directly
    :param key: what the folder's files are named by: ``stamp`` (nanoseconds, or seconds with
        nine decimals) or ``index`` (the camera's recorded frames, counted from 0)
    :param slop_ns: how far the stamps of image and truth may lie apart
    :param label_map: what the ids mean: a known map, a YAML file, or '' for the model's map
    """

    topics: dict[str, str] = field(default_factory=dict)
    folder: Path | None = None
    key: str = 'stamp'
    slop_ns: int = 0
    label_map: str = ''

    def __bool__(self) -> bool:
        return bool(self.topics) or self.folder is not None


@dataclass(frozen=True)
class Settings:
    """
    Everything that an evaluation depends on; it can be sent to another process.

    :param bags: folders or files of bags
    :param output: folder of the results
    :param model: model file or checkpoint; '' for the shipped model
    :param batch: frames in a batch; 0 for as many as the model takes
    :param cameras: image topic by camera; empty: all that look like cameras
    :param start: seconds from the bag's first message from which on frames are evaluated
    :param end: seconds up to which; None for all
    :param every: evaluate every n-th frame of a camera
    :param road_threshold: least road probability of the road mask; 0: the labels decide
    :param confidence: whether confidence is measured
    :param consistency: whether labels of neighbouring frames are compared along optical flow
    :param annotated: storage of annotated bags, one of :data:`ANNOTATED_STORAGES`; '' for none
    :param video: whether an MP4 is written for each camera
    :param pictures: worst, and best, frames that the report shows
    :param conditions: what must hold for exit code 0
    """

    bags: tuple[Path, ...]
    output: Path
    model: str = ''
    backend: str = 'auto'
    device: str = 'auto'
    precision: str = 'auto'
    threads: int = 0
    cache_dir: str = ''
    batch: int = 0
    cameras: dict[str, str] = field(default_factory=dict)
    start: float = 0.0
    end: float | None = None
    every: int = 1
    truth: Truth = field(default_factory=Truth)
    road_threshold: float = 0.0
    confidence: bool = True
    consistency: bool = True
    annotated: str = ''
    video: bool = False
    pictures: int = 4
    conditions: tuple[Condition, ...] = ()

    def __post_init__(self) -> None:
        if not self.bags:
            raise EvaluationError('no bag is named; name the folder or file of one')
        if self.every < 1:
            raise EvaluationError(f'every {self.every}; expected 1 for each frame, or more')
        if self.batch < 0:
            raise EvaluationError(f'batch {self.batch}; expected 1 or more, or 0 for the most')
        if self.threads < 0:
            raise EvaluationError(f'threads {self.threads}; expected 1 or more, or 0 for all')
        if self.pictures < 0:
            raise EvaluationError(f'pictures {self.pictures}; expected 0 for none, or more')
        # Written so that NaN, which float() reads, fails.
        if not (
            0 <= self.start < math.inf and (self.end is None or self.start < self.end < math.inf)
        ):
            raise EvaluationError(
                f'time range {self.start:g} to {self.end} s; expected 0 or '
                'more, and an end after the start'
            )
        if not 0.0 <= self.road_threshold <= 1.0:
            raise EvaluationError(f'road threshold {self.road_threshold}; expected 0 to 1')
        if self.annotated not in ('', *ANNOTATED_STORAGES):
            raise EvaluationError(
                f'annotated bag as {self.annotated!r}; expected {" or ".join(ANNOTATED_STORAGES)}'
            )
        if self.truth.key not in TRUTH_KEYS:
            raise EvaluationError(
                f'truth by {self.truth.key!r}; expected {" or ".join(TRUTH_KEYS)}'
            )
        if self.truth.topics and self.truth.folder is not None:
            raise EvaluationError('truth from topics and from a folder; choose one')
        if self.truth.slop_ns < 0:
            raise EvaluationError(f'truth slop {self.truth.slop_ns} ns; expected 0 or more')
