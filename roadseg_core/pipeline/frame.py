"""A frame enters the network's input, and leaves its outputs as images."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from roadseg_core.geometry import Geometry, View
from roadseg_core.labels import LabelMap
from roadseg_core.pipeline.outputs import confidence_image, label_image, overlay, road_mask
from roadseg_core.pipeline.segmentation import Segmentation

FRAME_OUTPUTS = ('label', 'road_mask', 'confidence', 'overlay')
"""The images that can be made of a frame's segmentation."""


@dataclass(frozen=True)
class OutputOptions:
    """
    Say how output images are made.

    :param output_geometry: one of :data:`roadseg_core.pipeline.outputs.OUTPUT_GEOMETRIES`
    :param road_threshold: least probability of the road mask, 0..1; 0: the labels decide
    :param overlay_mode: one of :data:`roadseg_core.pipeline.outputs.OVERLAY_MODES`
    :param overlay_alpha: weight of the paint, 0..1
    """

    output_geometry: str = 'camera'
    road_threshold: float = 0.0
    overlay_mode: str = 'palette'
    overlay_alpha: float = 0.5


def engine_outputs(wanted: Collection[str], *, road_threshold: float) -> tuple[str, ...]:
    """Return what the engine must compute for the wanted images."""
    outputs = ['labels']
    if road_threshold > 0.0:
        outputs.append('road_probability')
    if 'confidence' in wanted:
        outputs.append('confidence')
    return tuple(outputs)


@dataclass(frozen=True)
class Frame:
    """
    Hold a frame while the engine works.

    :param image: uint8 [camera_height, camera_width, 3], BGR
    :param network_image: uint8 [input_height, input_width, 3], BGR
    :param view: how the one became the other
    """

    image: np.ndarray
    network_image: np.ndarray
    view: View

    @classmethod
    def placed(cls, image: np.ndarray, geometry: Geometry, out: np.ndarray) -> Frame:
        """
        Bring a camera image to the network's size.

        :param image: uint8 [camera_height, camera_width, 3], BGR
        :param out: uint8 [input_height, input_width, 3]: its place in the batch, filled
        """
        view = geometry.view(image.shape[:2])
        view.forward(image, out=out)
        return cls(image, out, view)

    def outputs(
        self,
        result: Segmentation,
        index: int,
        wanted: Collection[str],
        *,
        label_map: LabelMap,
        options: OutputOptions,
    ) -> dict[str, np.ndarray]:
        """
        Make the wanted images.

        :param result: the batch's segmentation; this frame is number ``index``
        :param wanted: some of :data:`FRAME_OUTPUTS`; the others cost nothing
        :returns: uint8 [H, W] by name; [H, W, 3], BGR, for the overlay. They may be views of
            the result's arrays
        """
        place = options.output_geometry
        images: dict[str, np.ndarray] = {}
        labels = mask = None
        paints_road = 'overlay' in wanted and options.overlay_mode == 'road'
        paints_labels = 'overlay' in wanted and options.overlay_mode == 'palette'
        if 'label' in wanted or paints_labels:
            labels = label_image(result.labels[index], self.view, place)
        if 'road_mask' in wanted or paints_road:
            if labels is not None and options.road_threshold == 0.0:
                mask = label_map.road_mask(labels)  # in its place already
            else:
                probability = result.road_probability
                mask = road_mask(
                    label_map,
                    result.labels[index],
                    None if probability is None else probability[index],
                    threshold=options.road_threshold,
                    view=self.view,
                    output_geometry=place,
                )
        if 'label' in wanted:
            images['label'] = labels
        if 'road_mask' in wanted:
            images['road_mask'] = mask
        if 'confidence' in wanted:
            images['confidence'] = confidence_image(result.confidence[index], self.view, place)
        if 'overlay' in wanted:
            image = self.image if place == 'camera' else self.network_image
            images['overlay'] = overlay(
                image,
                label_map,
                labels,
                mask,
                alpha=options.overlay_alpha,
                mode=options.overlay_mode,
            )
        return images
