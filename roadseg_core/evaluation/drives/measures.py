"""What frames say without truth: consistency, flicker, blackout, frozen pictures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from roadseg_core.labels import IGNORE
from roadseg_core.pipeline.frame import Frame
from roadseg_core.resizing import resize_ids

NEIGHBOUR_NS = 1_000_000_000
"""Frames further apart than this are no neighbours: nothing is compared over such a gap."""

_DARK, _DARK_SPREAD, _BLANK_SPREAD = 12.0, 12.0, 3.0
_SAME_SURFACE = 24


def is_blackout(frame: Frame) -> bool:
    """
    Tell whether a picture shows nothing: dark all over, or one flat colour.

    Without a letterbox's padding, whose grey would hide every blackout; every fourth row says as
    much, in a quarter of the time.
    """
    mean, spread = cv2.meanStdDev(frame.seen[::4])
    brightness, contrast = float(mean.mean()), float(spread.max())
    return contrast < _BLANK_SPREAD or (brightness < _DARK and contrast < _DARK_SPREAD)


@dataclass
class Scene:
    """
    Hold what a frame is compared by.

    :param labels: uint8 [H, W], ids in network geometry
    :param flow_width: of the images that flow is computed on, in pixels, at most
    """

    frame: Frame
    labels: np.ndarray
    flow_width: int
    _small: tuple[np.ndarray, np.ndarray] | None = None

    def small(self) -> tuple[np.ndarray, np.ndarray]:
        """Return uint8 [h, w] brightness and labels, at the size that flow is computed at."""
        # Two threads that ask at once both make them, which costs less than a lock.
        if self._small is None:
            self._small = _small(self.frame.network_image, self.labels, self.flow_width)
        return self._small


@dataclass(frozen=True)
class Pair:
    """
    Hold a frame and the one before it; pairs are compared by any threads, in any order.

    :param before: None for a frame that follows none
    :param flow: whether labels are compared along optical flow
    """

    now: Scene
    before: Scene | None
    flow: bool

    def is_frozen(self) -> bool:
        """Tell whether both are the same picture."""
        return self.before is not None and _is_same(self.before.frame, self.now.frame)

    def consistency(self) -> float | None:
        """
        Return the share of pixels whose label is that of the same surface one frame before.

        None where nothing was compared, or the flow found too little of the frame before.
        """
        if self.before is None or not self.flow:
            return None
        return _agreement(*self.before.small(), *self.now.small())


class Neighbours:
    """
    Pair the frames of one camera with those just before them, in the order of recording.

    :param flow_every: at every which frame labels are compared along optical flow; 0: at none
    :param flow_width: of the images that flow is computed on, in pixels, at most
    """

    def __init__(self, *, flow_every: int, flow_width: int) -> None:
        self._flow_every = flow_every
        self._flow_width = flow_width
        self._count = 0
        self._stamp_ns: int | None = None
        self._last: Scene | None = None
        self.backwards = 0

    def pair(self, frame: Frame, *, stamp_ns: int, labels: np.ndarray) -> Pair:
        """
        Take the next frame.

        :param labels: uint8 [H, W], ids in network geometry
        """
        before, gap = self._last, 0 if self._stamp_ns is None else stamp_ns - self._stamp_ns
        self.backwards += gap < 0
        if before is not None and not (
            0 <= gap <= NEIGHBOUR_NS and before.frame.image.shape == frame.image.shape
        ):
            before = None
        flow = self._flow_every > 0 and self._count % self._flow_every == self._flow_every - 1
        self._count += 1
        self._stamp_ns, self._last = stamp_ns, Scene(frame, labels, self._flow_width)
        return Pair(self._last, before, flow)


class Flicker:
    """Compare the road masks of one camera, in the order of recording."""

    def __init__(self) -> None:
        self._masks: list[np.ndarray] = []

    def share(self, mask: np.ndarray, *, follows: bool) -> float | None:
        """
        Return the share of the road's pixels that changed and changed back in the last frames.

        :param mask: uint8 [H, W], 0 or 255, in network geometry
        :param follows: whether the frame has a neighbour before it
        """
        self._masks = [*self._masks[-2:], mask] if follows else [mask]
        return _flicker(*self._masks) if len(self._masks) == 3 else None


def _agreement(
    grey_before: np.ndarray, labels_before: np.ndarray, grey: np.ndarray, labels: np.ndarray
) -> float | None:
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    # Where each pixel was.
    places = cv2.add(flow.calc(grey, grey_before, None), _places(*grey.shape))
    border = cv2.BORDER_CONSTANT
    before = cv2.remap(
        labels_before, places, None, cv2.INTER_NEAREST, borderMode=border, borderValue=IGNORE
    )
    picture = cv2.remap(grey_before, places, None, cv2.INTER_LINEAR, borderMode=border)
    # Where the warped picture does not look alike, the flow found another surface.
    seen = (before != IGNORE) & (labels != IGNORE) & (cv2.absdiff(picture, grey) <= _SAME_SURFACE)
    count = int(np.count_nonzero(seen))
    if count < grey.size // 20:
        return None
    return int(np.count_nonzero(seen & (before == labels))) / count


@lru_cache(maxsize=8)
def _places(height: int, width: int) -> np.ndarray:
    """Return float32 [height, width, 2]: the column and the row of each pixel."""
    return np.dstack(np.meshgrid(np.arange(width), np.arange(height))).astype(np.float32)


def _small(image: np.ndarray, labels: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    height, width = grey.shape
    times = -(-width // most)
    if times > 1:
        # Areas of whole pixels are averaged in a tenth of the time that others take.
        size = (max(16, width // times), max(16, height // times))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
        labels = resize_ids(labels, size[::-1])
    return grey, labels


def _is_same(before: Frame, now: Frame) -> bool:
    # A few small rows differ in all but one of a thousand cases: the large are rarely read.
    return np.array_equal(before.network_image[::32], now.network_image[::32]) and np.array_equal(
        before.image, now.image
    )


def _flicker(first: np.ndarray, second: np.ndarray, third: np.ndarray) -> float | None:
    """
    Return the share of the road's pixels that changed and changed back.

    A road that moves through the picture changes once; what flickers differs in the middle frame
    from both its neighbours, which agree.
    """
    road = cv2.countNonZero(cv2.bitwise_or(cv2.bitwise_or(first, second), third))
    if not road:
        return None
    turned = cv2.bitwise_and(cv2.bitwise_xor(first, second), cv2.bitwise_xor(second, third))
    return cv2.countNonZero(turned) / road
