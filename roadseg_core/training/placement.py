"""Bring the frames of a data set to the network's size as the vehicle will bring its own."""

from __future__ import annotations

from dataclasses import dataclass, replace

from roadseg_core.geometry import Geometry, View


@dataclass(frozen=True)
class Placement:
    """
    Place frames in the network's input.

    :param geometry: that of the model file
    :param is_cut: the data set's options have cut the frames already: they are only resized
    :param is_scaled: the data set's options have scaled them already: a letterbox only pads
        those that fit
    """

    geometry: Geometry
    is_cut: bool = False
    is_scaled: bool = False

    def view(self, shape: tuple[int, ...]) -> View:
        """Place a whole frame of [H, W, ...]."""
        height, width = shape[:2]
        size = self.geometry.input_size
        if self.is_cut:
            return Geometry('stretch', size).view((height, width))
        fits = height <= size[0] and width <= size[1]
        if self.geometry.mode == 'letterbox' and self.is_scaled and fits:
            place = ((size[1] - width) // 2, (size[0] - height) // 2, width, height)
            return View((height, width), size, (0, 0, width, height), place)
        return self.geometry.view((height, width))

    def view_of_part(self, shape: tuple[int, int]) -> View:
        """Place a cut-out of a frame, (height, width): as if it were a camera's whole image."""
        if self.is_cut:
            return self.view(shape)
        return replace(self.geometry, share=1.0).view(shape)
