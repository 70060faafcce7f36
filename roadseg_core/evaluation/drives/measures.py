"""What frames say without truth: consistency, flicker, blackout, frozen pictures."""

from __future__ import annotations

import cv2
import numpy as np

from roadseg_core.labels import IGNORE
from roadseg_core.pipeline.frame import Frame

NEIGHBOUR_NS = 1_000_000_000
"""Frames further apart than this are no neighbours: nothing is compared over such a gap."""

_DARK, _DARK_SPREAD, _BLANK_SPREAD = 12.0, 12.0, 3.0
_FLOW_WIDTH = 320
_SAME_SURFACE = 24


def is_blackout(frame: Frame) -> bool:
    """
    Tell whether a picture shows nothing: dark all over, or one flat colour.

    Measured on what the network sees of the picture, without a letterbox's padding, whose grey
    would hide every blackout; every fourth row says as much, in a quarter of the time.
    """
    x, y, width, height = frame.view.target
    mean, spread = cv2.meanStdDev(frame.network_image[y : y + height : 4, x : x + width])
    brightness, contrast = float(mean.mean()), float(spread.max())
    return contrast < _BLANK_SPREAD or (brightness < _DARK and contrast < _DARK_SPREAD)


class Neighbours:
    """
    Compare the frames of one camera with those just before them, in the order of recording.

    :param flow: whether labels are compared along optical flow
    """

    def __init__(self, *, flow: bool) -> None:
        self._flow = (
            cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST) if flow else None
        )
        self._stamp_ns: int | None = None
        self._frame: Frame | None = None
        self._grey: np.ndarray | None = None
        self._labels: np.ndarray | None = None
        self._masks: list[np.ndarray] = []
        self.follows = False
        self.frozen = False
        self.consistency: float | None = None
        self.flicker: float | None = None
        self.backwards = 0

    def update(self, frame: Frame, *, stamp_ns: int, labels: np.ndarray, mask: np.ndarray) -> None:
        """
        Take the next frame; what it says is in the attributes.

        :param labels: uint8 [H, W], ids in network geometry
        :param mask: uint8 [H, W], 0 or 255, in network geometry
        """
        gap = None if self._stamp_ns is None else stamp_ns - self._stamp_ns
        if gap is not None and gap < 0:
            self.backwards += 1
        self.follows = gap is not None and 0 <= gap <= NEIGHBOUR_NS
        if self._frame is not None and self._frame.image.shape != frame.image.shape:
            self.follows = False
        if not self.follows:
            self._masks.clear()
        self.frozen = self.follows and _is_same(self._frame, frame)
        self.consistency = None
        if self._flow is not None:
            grey, labels = _small(frame.network_image, labels)
            if self.follows:
                self.consistency = self._agreement(grey, labels)
            self._grey, self._labels = grey, labels
        self._masks.append(mask)
        self.flicker = _flicker(*self._masks) if len(self._masks) == 3 else None
        del self._masks[:-2]
        self._stamp_ns, self._frame = stamp_ns, frame

    def _agreement(self, grey: np.ndarray, labels: np.ndarray) -> float | None:
        """Return the share of pixels whose label is that of the same surface one frame before."""
        flow = self._flow.calc(grey, self._grey, None)
        height, width = grey.shape
        columns, rows = np.meshgrid(
            np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
        )
        x, y = columns + flow[..., 0], rows + flow[..., 1]
        before = cv2.remap(
            self._labels,
            x,
            y,
            cv2.INTER_NEAREST,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=IGNORE,
        )
        picture = cv2.remap(
            self._grey, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0
        )
        # Where the warped picture does not look alike, the flow found another surface.
        seen = (
            (before != IGNORE) & (labels != IGNORE) & (cv2.absdiff(picture, grey) <= _SAME_SURFACE)
        )
        count = int(np.count_nonzero(seen))
        if count < grey.size // 20:
            return None
        return int(np.count_nonzero(seen & (before == labels))) / count


def _small(image: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return uint8 [h, w] brightness and labels, at the size that flow is computed at."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    height, width = grey.shape
    if width > _FLOW_WIDTH:
        size = (_FLOW_WIDTH, max(16, round(height * _FLOW_WIDTH / width)))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
        labels = cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST_EXACT)
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
