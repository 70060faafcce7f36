"""Metrics accumulate counts that add up over pixels, frames and machines."""

from __future__ import annotations

from roadseg_core.metrics.boundary import BoundaryCounts, BoundaryScores
from roadseg_core.metrics.confusion import ConfusionMatrix, MetricsError, Scores
from roadseg_core.metrics.distance import DistanceBands
from roadseg_core.metrics.ground import GroundCounts
from roadseg_core.metrics.probability_histogram import Calibration, ProbabilityHistogram
from roadseg_core.metrics.road_histogram import RoadHistogram, RoadScores
from roadseg_core.metrics.tally import SegmentedFrame, Tally

__all__ = [
    'BoundaryCounts',
    'BoundaryScores',
    'Calibration',
    'ConfusionMatrix',
    'DistanceBands',
    'GroundCounts',
    'MetricsError',
    'ProbabilityHistogram',
    'RoadHistogram',
    'RoadScores',
    'Scores',
    'SegmentedFrame',
    'Tally',
]
