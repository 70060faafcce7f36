"""A geometry maps the pixels of a camera to the input of a network, and back."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from roadseg_core.labels import IGNORE
from roadseg_core.resizing import resize_ids, resize_image

MODES = ('stretch', 'letterbox', 'crop')
"""`stretch` scales each axis by itself; `letterbox` keeps the aspect ratio and pads;
`crop` keeps the aspect ratio and cuts off what does not fit."""


class GeometryError(ValueError):
    """A size or mode that no geometry can be made of."""


@dataclass(frozen=True)
class View:
    """
    Place one camera's image in the network's input.

    The source rectangle (x, y, width, height in camera pixels) is scaled onto the target
    rectangle (in network pixels). Outside the target rectangle the network sees padding;
    outside the source rectangle the camera's pixels are never seen by the network.
    """

    camera_size: tuple[int, int]
    input_size: tuple[int, int]
    source: tuple[int, int, int, int]
    target: tuple[int, int, int, int]

    def forward(self, image: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """
        Bring a camera image to the network's size.

        :param image: uint8 [camera_height, camera_width, 3]
        :param out: uint8 [input_height, input_width, 3] to fill, or None for a new array
        :returns: the filled array; padding is 114 grey
        :raises GeometryError: if the image has another size than the view
        """
        if image.shape[:2] != self.camera_size:
            raise GeometryError(
                f'image of {image.shape[1]}x{image.shape[0]} for a view of '
                f'{self.camera_size[1]}x{self.camera_size[0]} cameras'
            )
        x, y, width, height = self.source
        u, v, out_width, out_height = self.target
        if out is None:
            out = np.empty((*self.input_size, 3), np.uint8)
        if (out_height, out_width) != self.input_size:
            out[...] = 114
        region = image[y : y + height, x : x + width]
        place = out[v : v + out_height, u : u + out_width]
        resized = resize_image(region, (out_height, out_width), place)
        if resized is not place:
            place[...] = resized
        return out

    def reduction(self) -> int:
        """
        Return by what factor (8, 4, 2 or 1) an image may be reduced before it is decoded.

        It is the largest that still gives the network enough pixels and divides all sides.
        """
        sides = (*self.camera_size, *self.source)
        most = min(shown // wanted for shown, wanted in zip(self.source[2:], self.target[2:]))
        fitting = (by for by in (8, 4, 2) if by <= most and not any(side % by for side in sides))
        return next(fitting, 1)

    def reduced(self, by: int) -> View:
        """Return the view of images that come ``by`` times smaller, one of :meth:`reduction`."""
        height, width = self.camera_size
        source = tuple(side // by for side in self.source)
        return replace(self, camera_size=(height // by, width // by), source=source)

    def forward_labels(self, labels: np.ndarray) -> np.ndarray:
        """
        Bring a camera's truth to the network's size, by the nearest pixel.

        :param labels: uint8 [camera_height, camera_width]
        :returns: uint8 [input_height, input_width]; padding is ``IGNORE``
        """
        x, y, width, height = self.source
        u, v, out_width, out_height = self.target
        placed = np.full(self.input_size, IGNORE, np.uint8)
        placed[v : v + out_height, u : u + out_width] = cv2.resize(
            labels[y : y + height, x : x + width],
            (out_width, out_height),
            interpolation=cv2.INTER_NEAREST_EXACT,
        )
        return placed

    def inside(self, array: np.ndarray) -> np.ndarray:
        """Return the part, [h, w, ...], of an array at the network's size that is no padding."""
        u, v, width, height = self.target
        return array[v : v + height, u : u + width]

    def backward(
        self,
        image: np.ndarray,
        outside: int,
        *,
        smooth: bool = False,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """
        Bring a network image back onto the camera's pixels.

        :param image: uint8 [input_height, input_width] (labels, mask or confidence)
        :param outside: value for camera pixels that the network never saw
        :param smooth: interpolate (for probabilities), rather than take the nearest (for ids)
        :param out: uint8 [camera_height, camera_width] that may be filled; None for new memory
        :returns: uint8 [camera_height, camera_width]
        """
        if image.shape != self.input_size:
            raise GeometryError(
                f'network image of {image.shape} for a view with the input size {self.input_size}'
            )
        x, y, width, height = self.source
        region = self.inside(image)
        is_whole = (height, width) == self.camera_size
        if region.shape != (height, width):
            if smooth:
                region = cv2.resize(region, (width, height), interpolation=cv2.INTER_LINEAR)
            else:
                region = resize_ids(region, (height, width), out if is_whole else None)
        if is_whole:
            return np.ascontiguousarray(region)
        out = np.full(self.camera_size, outside, np.uint8)
        out[y : y + height, x : x + width] = region
        return out

    def matrix(self) -> np.ndarray:
        """
        Return the float64 [3, 3] map from camera to network pixel coordinates.

        Coordinates are those of pixel centres (the centre of the first pixel is 0, 0), as in
        a camera matrix, so ``matrix() @ K`` is the intrinsic matrix of the network image.
        """
        x, y, width, height = self.source
        u, v, out_width, out_height = self.target
        scale_x, scale_y = out_width / width, out_height / height
        return np.array(
            [
                [scale_x, 0.0, (0.5 - x) * scale_x - 0.5 + u],
                [0.0, scale_y, (0.5 - y) * scale_y - 0.5 + v],
                [0.0, 0.0, 1.0],
            ]
        )


@dataclass(frozen=True)
class Geometry:
    """
    Describe how camera images of any size become the network's input.

    :param mode: one of :data:`MODES`
    :param input_size: (height, width) of the network's input in pixels
    :param share: of a crop: how much of the sides of the largest centred rectangle of the input's
        aspect is kept; 0.75 with an input of 3:2 takes 1152x768 of 2048x1024
    :raises GeometryError: for an unknown mode, an impossible size or share
    """

    mode: str
    input_size: tuple[int, int]
    share: float = 1.0

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise GeometryError(f'geometry mode {self.mode!r}; expected one of {MODES}')
        if len(self.input_size) != 2 or min(self.input_size) < 1:
            raise GeometryError(
                f'input size {self.input_size}; expected (height, width), each at least 1'
            )

        if not 0.0 < self.share <= 1.0 or (self.share < 1.0 and self.mode != 'crop'):
            raise GeometryError(
                f'share {self.share} of the geometry {self.mode}; expected 0 < share <= 1, and 1 '
                'for all but crop'
            )

    def to_dict(self) -> dict[str, object]:
        """Return the geometry as plain JSON types; :meth:`from_dict` reads it back."""
        values = {'mode': self.mode, 'input_size': list(self.input_size)}
        return values | ({'share': self.share} if self.share < 1.0 else {})

    @classmethod
    def from_dict(cls, values: dict) -> Geometry:
        """Read a geometry; KeyError or TypeError where the values are none."""
        return cls(values['mode'], tuple(values['input_size']), values.get('share', 1.0))

    def view(self, camera_size: tuple[int, int]) -> View:
        """
        Place images of a camera.

        :param camera_size: (height, width) of the camera's images in pixels
        :raises GeometryError: if the camera's size is not positive
        """
        height, width = camera_size
        if height < 1 or width < 1:
            raise GeometryError(f'camera image of {width}x{height}; expected at least 1x1')
        out_height, out_width = self.input_size
        source = (0, 0, width, height)
        target = (0, 0, out_width, out_height)
        if self.mode == 'letterbox':
            scale = min(out_height / height, out_width / width)
            fit_width = min(out_width, max(1, round(width * scale)))
            fit_height = min(out_height, max(1, round(height * scale)))
            target = (
                (out_width - fit_width) // 2,
                (out_height - fit_height) // 2,
                fit_width,
                fit_height,
            )
        elif self.mode == 'crop':
            scale = max(out_height / height, out_width / width) / self.share
            cut_width = min(width, max(1, round(out_width / scale)))
            cut_height = min(height, max(1, round(out_height / scale)))
            source = ((width - cut_width) // 2, (height - cut_height) // 2, cut_width, cut_height)
        return View((height, width), self.input_size, source, target)
