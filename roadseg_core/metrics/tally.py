"""Count a model's predictions against truth, over pixels, frames and machines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from roadseg_core.labels import IGNORE, NOT_ROAD, TWO, LabelMap
from roadseg_core.metrics.boundary import BoundaryCounts
from roadseg_core.metrics.confusion import ConfusionMatrix, Scores
from roadseg_core.metrics.distance import DistanceBands
from roadseg_core.metrics.figures import plain
from roadseg_core.metrics.probability_histogram import ProbabilityHistogram
from roadseg_core.metrics.road_histogram import RoadHistogram


@dataclass(frozen=True)
class SegmentedFrame:
    """
    Hold a frame, its truth and what a model says, all of one size.

    :param name: of the data set's frame
    :param image: uint8 [H, W, 3], BGR
    :param truth: uint8 [H, W]: ids of the label map, ``NOT_ROAD`` or ``IGNORE``
    :param labels: uint8 [H, W]: ids of the label map, ``IGNORE`` where a crop showed nothing
    :param road_probability: uint8 [H, W], 255 is certain
    :param confidence: the same, of the label; None where it is not to be counted
    """

    name: str
    image: np.ndarray
    truth: np.ndarray
    labels: np.ndarray
    road_probability: np.ndarray
    confidence: np.ndarray | None = None


class ViewFromAbove(Protocol):
    """See the road from above; ``distances`` are metres ahead by the view's row, float [rows]."""

    distances: np.ndarray

    def warp(self, image: np.ndarray, *, outside: int) -> np.ndarray:
        """Bring an image into the view; ``outside`` where the camera sees nothing of it."""


class Tally:
    """
    Count classes, the ranking of the road and what confidence is worth.

    Of whole frames, also boundaries and distances.

    :param label_map: of the predictions
    :param road_only: the truth is road or not road: classes are compared in the map ``two``, and
        confidence is that of road or not, by the road's probability
    """

    def __init__(self, label_map: LabelMap, *, road_only: bool) -> None:
        self.label_map = label_map
        self.road_only = road_only
        self.confusion = ConfusionMatrix(TWO if road_only else label_map)
        self.confidence = ProbabilityHistogram()
        self.image_view = RoadHistogram()
        self.birds_eye_view = RoadHistogram()
        self.boundary = BoundaryCounts()
        self.distance = DistanceBands()
        self.frames = 0
        self.frames_from_above = 0

    def count(
        self,
        truth: np.ndarray,
        labels: np.ndarray,
        road_probability: np.ndarray,
        confidence: np.ndarray | None = None,
    ) -> None:
        """Add pixels of any shape, uint8 each; see :class:`SegmentedFrame`."""
        is_road = self.label_map.road_truth(truth)
        self.image_view.update(is_road, road_probability)
        if self.road_only:
            truth, labels = is_road, self.label_map.road_called(labels)
        else:
            truth = np.where(truth == NOT_ROAD, np.uint8(IGNORE), truth)
        self.confusion.update(truth, labels)
        if confidence is not None:
            if self.road_only:
                confidence = np.where(labels == 1, road_probability, 255 - road_probability)
            # All bits of what is not counted are set, which makes it IGNORE.
            uncounted = np.zeros(256, np.uint8)
            uncounted[[IGNORE, *self.confusion.label_map.void_ids]] = IGNORE
            right = (truth == labels).astype(np.uint8) | uncounted[truth]
            self.confidence.update(right, confidence)

    def add(self, frame: SegmentedFrame, above: ViewFromAbove | None = None) -> Scores:
        """
        Add a frame.

        :param above: how the road is seen from above, where the camera's place is known
        :returns: the figures of this frame alone
        """
        own = Tally(self.label_map, road_only=self.road_only)
        own.count(frame.truth, frame.labels, frame.road_probability, frame.confidence)
        truth = self.label_map.road_truth(frame.truth)
        called = self.label_map.road_called(frame.labels)
        own.boundary.update(truth, called)
        if above is not None:
            truth = above.warp(truth, outside=IGNORE)
            own.birds_eye_view.update(truth, above.warp(frame.road_probability, outside=0))
            own.distance.update(truth, above.warp(called, outside=0), above.distances[:, None])
            own.frames_from_above = 1
        own.frames = 1
        self.merge(own)
        return own.confusion.scores()

    def merge(self, other: Tally) -> None:
        """Add another tally of the same label map."""
        self.confusion.merge(other.confusion)
        self.confidence.merge(other.confidence)
        self.image_view.merge(other.image_view)
        self.birds_eye_view.merge(other.birds_eye_view)
        self.boundary.merge(other.boundary)
        self.distance.merge(other.distance)
        self.frames += other.frames
        self.frames_from_above += other.frames_from_above

    def to_dict(self) -> dict[str, object]:
        """Return the figures as plain JSON types; what was not seen from above is None."""
        above = self.frames_from_above > 0
        return {
            'frames': self.frames,
            'frames_from_above': self.frames_from_above,
            'scores': self.confusion.scores().to_dict(),
            'classes': list(self.confusion.label_map.names),
            'confusion': self.confusion.counts.tolist(),
            'road': {
                'image_view': self.image_view.scores().to_dict(),
                'birds_eye_view': self.birds_eye_view.scores().to_dict() if above else None,
                'boundary': self.boundary.scores().to_dict(),
                'distance': self.distance.to_list() if above else None,
            },
            'calibration': {
                'confidence': _calibration(self.confidence),
                'road_probability': _calibration(self.image_view),
            },
        }


def _calibration(histogram: ProbabilityHistogram) -> dict[str, object]:
    stated, true, pixels = histogram.bins()
    return {
        **histogram.calibration().to_dict(),
        'bins': {
            'probability': [plain(value) for value in stated],
            'true': [plain(value) for value in true],
            'pixels': pixels.tolist(),
        },
    }
