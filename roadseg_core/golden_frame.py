"""A golden frame: a picture and its labels, on which an engine is tried before it works."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field

import cv2
import numpy as np


class GoldenFrameError(ValueError):
    """A golden frame that is damaged, or that a model gives none."""


@dataclass(frozen=True)
class GoldenFrame:
    """
    Hold a picture and what a network in fp32 makes of it.

    :param picture: PNG, BGR, of any size: it is brought to the network's
    :param labels: PNG, class ids at the network's size
    :param of: what the picture shows
    """

    picture: bytes = field(repr=False)
    labels: bytes = field(repr=False)
    of: str

    @classmethod
    def of_arrays(cls, picture: np.ndarray, labels: np.ndarray, of: str) -> GoldenFrame:
        """Make one of a picture, uint8 [h, w, 3] BGR, and labels, uint8 [H, W]."""
        return cls(*(cv2.imencode('.png', array)[1].tobytes() for array in (picture, labels)), of)

    @classmethod
    def from_dict(cls, values: dict[str, str]) -> GoldenFrame:
        """Read what :meth:`to_dict` returned; :class:`GoldenFrameError` where it is damaged."""
        try:
            content = [
                base64.b64decode(values[key], validate=True) for key in ('picture', 'labels')
            ]
            return cls(*content, str(values['of']))
        except (KeyError, TypeError, binascii.Error) as error:
            raise GoldenFrameError(
                f'golden frame with a wrong or missing entry: {error}'
            ) from error

    def to_dict(self) -> dict[str, str]:
        """Return plain JSON types."""
        picture, labels = (base64.b64encode(part).decode() for part in (self.picture, self.labels))
        return {'of': self.of, 'picture': picture, 'labels': labels}

    def arrays(self, input_size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """
        Return the picture, uint8 [H, W, 3] BGR, and the labels, uint8 [H, W], to compare on.

        :raises GoldenFrameError: if they cannot be decoded, or are of another network's size
        """
        picture = _decoded(self.picture, cv2.IMREAD_COLOR)
        labels = _decoded(self.labels, cv2.IMREAD_GRAYSCALE)
        if labels.shape != input_size:
            raise GoldenFrameError(
                f'labels of the golden frame are {list(labels.shape)}; expected {list(input_size)}'
            )
        return fitted(picture, input_size), labels


def fitted(picture: np.ndarray, input_size: tuple[int, int]) -> np.ndarray:
    """Return a picture at the network's size, the same to the bit on every machine."""
    return cv2.resize(picture, input_size[::-1], interpolation=cv2.INTER_LINEAR_EXACT)


def _decoded(content: bytes, how: int) -> np.ndarray:
    try:
        array = cv2.imdecode(np.frombuffer(content, np.uint8), how)
    except cv2.error as error:
        raise GoldenFrameError(f'golden frame that is no PNG: {error}') from error
    if array is None:
        raise GoldenFrameError('golden frame that is no PNG')
    return array
