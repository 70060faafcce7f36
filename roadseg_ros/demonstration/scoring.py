"""Compare what the node published with the truth."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from roadseg_core.bags.cdr import message_types
from roadseg_core.bags.message_types import RAW_TYPE
from roadseg_core.labels import IGNORE, SEVEN, TWO, LabelMap
from roadseg_core.metrics import ConfusionMatrix, Scores
from roadseg_core.sources.bag_source import BagSource
from roadseg_core.sources.source import RecordedMessage


def mono_images(bag: Path, topic: str) -> Iterator[tuple[int, np.ndarray]]:
    """Yield (stamp, uint8 [H, W]) of the mono8 images of a topic; nothing if it holds none."""
    types = message_types()
    for frame in BagSource(bag, topic=topic).frames():
        if isinstance(frame.payload, RecordedMessage):
            message = types.deserialize_cdr(frame.payload.cdr, RAW_TYPE)
            yield (
                frame.stamp_ns,
                message.data.reshape(message.height, message.step)[:, : message.width],
            )


def pairs(
    truth: Iterator[tuple[int, np.ndarray]], labels: Iterator[tuple[int, np.ndarray]]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield truth and labels of equal stamps; both come in the order of their stamps."""
    true_stamp, true_image = next(truth, (None, None))
    for stamp, image in labels:
        while true_stamp is not None and true_stamp < stamp:
            true_stamp, true_image = next(truth, (None, None))
        if true_stamp == stamp:
            yield true_image, image


class Comparison:
    """
    Compare truth of the map ``seven`` with labels of any map.

    By class where the classes are the same, else by road and not road.

    :param label_map: what the labels mean
    """

    def __init__(self, label_map: LabelMap) -> None:
        self.by_class = label_map.names == SEVEN.names
        self._label_map = label_map
        self.matrix = ConfusionMatrix(label_map if self.by_class else TWO)

    def update(self, truth: np.ndarray, labels: np.ndarray) -> None:
        """Count one pair of uint8 [H, W]."""
        if self.by_class:
            self.matrix.update(truth, labels)
            return
        road = SEVEN.road_mask(truth) // 255
        road[np.isin(truth, (IGNORE, *SEVEN.void_ids))] = IGNORE
        predicted = self._label_map.road_mask(labels) // 255
        predicted[labels == IGNORE] = IGNORE
        self.matrix.update(road, predicted)

    def scores(self) -> Scores:
        """Compute the figures."""
        return self.matrix.scores()
