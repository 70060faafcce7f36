"""Everything that is counted over the frames of an evaluation; it adds up."""

from __future__ import annotations

from roadseg_core.evaluation.datasets.birds_eye import BirdsEyeView, distances
from roadseg_core.evaluation.datasets.frames import SegmentedFrame
from roadseg_core.labels import IGNORE, TWO, LabelMap
from roadseg_core.metrics import (
    BoundaryCounts,
    ConfusionMatrix,
    DistanceBands,
    RoadHistogram,
    Scores,
)


class Tally:
    """
    Count a model's frames.

    :param label_map: of the model
    :param road_only: the truth is road or not road: classes are compared in the map ``two``
    """

    def __init__(self, label_map: LabelMap, *, road_only: bool) -> None:
        self.label_map = label_map
        self.road_only = road_only
        self.confusion = ConfusionMatrix(TWO if road_only else label_map)
        self.image_view = RoadHistogram()
        self.birds_eye_view = RoadHistogram()
        self.boundary = BoundaryCounts()
        self.distance = DistanceBands()
        self.frames = 0
        self.frames_from_above = 0

    def add(self, frame: SegmentedFrame, above: BirdsEyeView | None = None) -> Scores:
        """
        Count a frame.

        :param above: how the road is seen from above, where the camera's place is known
        :returns: the figures of this frame alone
        """
        truth = self.label_map.road_truth(frame.truth)
        called = self.label_map.road_called(frame.labels)
        own = ConfusionMatrix(self.confusion.label_map)
        own.update(*((truth, called) if self.road_only else (frame.truth, frame.labels)))
        self.confusion.merge(own)
        self.image_view.update(truth, frame.road_probability)
        self.boundary.update(truth, called)
        if above is not None:
            truth_above = above.warp(truth, outside=IGNORE)
            self.birds_eye_view.update(truth_above, above.warp(frame.road_probability, outside=0))
            self.distance.update(truth_above, above.warp(called, outside=0), distances()[:, None])
            self.frames_from_above += 1
        self.frames += 1
        return own.scores()

    def merge(self, other: Tally) -> None:
        """Add another tally of the same label map."""
        self.confusion.merge(other.confusion)
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
        }
