"""Hold the results of playing drives to a node, and read the images that it published."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from roadseg_core.bags.images import parse_raw
from roadseg_core.bags.reader import BagReader
from roadseg_core.evaluation.live.accounting import Accounting, Statuses
from roadseg_core.evaluation.settings.values import EvaluationError
from roadseg_core.labels import LabelMap


class LiveError(EvaluationError):
    """A live run that cannot go on; the message says why."""


@dataclass(frozen=True)
class LiveDrive:
    """
    Hold the outcome of one drive: a bag, a video or a folder of images.

    :param published: bag of what the node published
    :param accounting: None where the drive could not be played
    :param error: why it could not
    :param label_map: what the node says its labels mean, JSON types
    :param statuses: what the node's diagnostics said last
    """

    path: Path
    published: Path
    accounting: Accounting | None = None
    error: str = ''
    label_map: dict | None = None
    statuses: Statuses = field(default_factory=dict)


@dataclass(frozen=True)
class LiveRun:
    """
    Hold the outcome of all drives.

    :param node: full name of the node
    :param exit_code: the node's; 0 where it goes on
    """

    node: str
    drives: tuple[LiveDrive, ...]
    exit_code: int = 0

    @property
    def label_map(self) -> LabelMap | None:
        """Return what the node said its labels mean; None where it did not."""
        said = (drive.label_map for drive in self.drives if drive.label_map)
        return next(map(LabelMap.from_dict, said), None)


def output_topic(camera: str, output: str, *, node: str) -> str:
    """Return the topic of one of the outputs of the node of that full name."""
    return f'{node}/{camera}/{output}'


def mono_images(bag: Path, topics: Collection[str]) -> Iterator[tuple[str, int, np.ndarray]]:
    """
    Yield topic, stamp in nanoseconds and uint8 [H, W] of the mono8 images of some topics.

    :raises BagError: if nothing of the bag can be read
    """
    with BagReader(bag) as reader:
        for message in reader.messages([topic for topic in topics if topic in reader.topics]):
            image = parse_raw(message.data)
            rows = np.frombuffer(image.data, np.uint8).reshape(image.height, image.step)
            yield message.topic, image.stamp_ns, rows[:, : image.width]
