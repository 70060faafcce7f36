"""Place a frame in the network's input, and make images of the network's outputs."""

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
    """Return what the engine must compute for the wanted images, and for ``ground`` grids."""
    outputs = ['labels']
    if road_threshold > 0.0 or 'ground' in wanted:
        outputs.append('road_probability')
    if 'confidence' in wanted:
        outputs.append('confidence')
    return tuple(outputs)


@dataclass(frozen=True)
class Frame:
    """
    Hold a frame while the engine works.

    :param image: uint8 [camera_height, camera_width, 3], BGR, or a smaller one, of which no overlay
        in the camera's geometry can be made
    :param network_image: uint8 [input_height, input_width, 3], BGR
    :param view: how the one became the other
    """

    image: np.ndarray
    network_image: np.ndarray
    view: View

    @classmethod
    def placed(
        cls, image: np.ndarray, geometry: Geometry, out: np.ndarray, *, reduction: int = 1
    ) -> Frame:
        """
        Bring a camera image to the network's size.

        :param image: uint8 [camera_height, camera_width, 3], BGR
        :param out: uint8 [input_height, input_width, 3]: its place in the batch, filled
        :param reduction: how many times smaller than the camera's the image comes, as
            :meth:`roadseg_core.geometry.View.reduction` allows
        """
        height, width = image.shape[:2]
        view = geometry.view((reduction * height, reduction * width))
        view.reduced(reduction).forward(image, out=out)
        return cls(image, out, view)

    @property
    def seen(self) -> np.ndarray:
        """Return what the network sees of the picture: its image without a letterbox's padding."""
        return self.view.inside(self.network_image)

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
        images = FrameImages(self, result, index, label_map, options)
        return {output: images.make(output) for output in FRAME_OUTPUTS if output in wanted}


class FrameImages:
    """
    Make the images of a frame's segmentation, one at a time; what two need is made once.

    :param result: the batch's segmentation; this frame is number ``index``
    """

    def __init__(
        self,
        frame: Frame,
        result: Segmentation,
        index: int,
        label_map: LabelMap,
        options: OutputOptions,
    ) -> None:
        self._frame = frame
        self._result = result
        self._index = index
        self.label_map = label_map
        self._options = options
        self._made: dict[str, np.ndarray] = {}

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of all images."""
        view = self._frame.view
        return view.camera_size if self._options.output_geometry == 'camera' else view.input_size

    def make(self, output: str, out: np.ndarray | None = None) -> np.ndarray:
        """
        Make one of :data:`FRAME_OUTPUTS`.

        :param out: uint8 [H, W], or [H, W, 3] for the overlay, to fill; it must keep the image as
            long as others are made of it. None for any memory
        :returns: uint8 [H, W], or [H, W, 3], BGR, for the overlay; without ``out`` it may be a
            view of the result's arrays, and is not the caller's to write to
        """
        if output not in self._made:
            make = {
                'label': self._label,
                'road_mask': self._road_mask,
                'confidence': self._confidence,
                'overlay': self._overlay,
            }[output]
            self._made[output] = make(out)
        made = self._made[output]
        if out is None or out is made:
            return made
        np.copyto(out, made)
        return out

    def _label(self, out: np.ndarray | None) -> np.ndarray:
        labels = self._result.labels[self._index]
        return label_image(labels, self._frame.view, self._options.output_geometry, out)

    def _road_mask(self, out: np.ndarray | None) -> np.ndarray:
        probability, threshold = self._result.road_probability, self._options.road_threshold
        return road_mask(
            self.label_map,
            None if threshold else self.make('label'),
            None if probability is None else probability[self._index],
            threshold=threshold,
            view=self._frame.view,
            output_geometry=self._options.output_geometry,
            out=out,
        )

    def _confidence(self, out: np.ndarray | None) -> np.ndarray:
        confidence = self._result.confidence[self._index]
        return confidence_image(confidence, self._frame.view, self._options.output_geometry)

    def _overlay(self, out: np.ndarray | None) -> np.ndarray:
        frame, options = self._frame, self._options
        of_labels = options.overlay_mode == 'palette'
        return overlay(
            frame.image if options.output_geometry == 'camera' else frame.network_image,
            self.label_map,
            self.make('label') if of_labels else None,
            None if of_labels else self.make('road_mask'),
            alpha=options.overlay_alpha,
            mode=options.overlay_mode,
        )
