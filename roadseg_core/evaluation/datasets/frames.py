"""Segment labelled frames, so that truth and prediction can be compared pixel by pixel."""

from __future__ import annotations

from roadseg_core.data.source import LabelledFrame
from roadseg_core.engines import Engine, segment_image
from roadseg_core.metrics import SegmentedFrame
from roadseg_core.pipeline.outputs import confidence_image, label_image

PLACES = ('camera', 'network')
"""Where truth and prediction meet: on the camera's pixels, as they are published, or on the
network's, as validation in training has it."""

ENGINE_OUTPUTS = ('labels', 'road_probability', 'confidence')
"""What :func:`segment` needs of an engine."""


def segment(engine: Engine, labelled: LabelledFrame, *, place: str) -> SegmentedFrame:
    """
    Run one frame through the conversion, engine and output code of the vehicle.

    :param engine: with the outputs :data:`ENGINE_OUTPUTS`
    :param place: one of :data:`PLACES`
    """
    frame, result = segment_image(engine, labelled.image)
    at_camera = place == 'camera'
    return SegmentedFrame(
        labelled.name,
        labelled.image if at_camera else frame.network_image,
        labelled.labels if at_camera else frame.view.forward_labels(labelled.labels),
        label_image(result.labels[0], frame.view, place).copy(),
        # A probability is placed as a confidence is: smoothly, 0 where nothing was seen.
        confidence_image(result.road_probability[0], frame.view, place).copy(),
        confidence_image(result.confidence[0], frame.view, place).copy(),
    )
