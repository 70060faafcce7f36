"""A tree of coordinate frames gives the transform between two of them, or says what is wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

LARGEST_SHIFT = 0.5
"""A link that shifts farther between two of its messages, in metres, has jumped."""

LARGEST_TURN = math.radians(20.0)
"""The same for its turn, in radians."""


class TransformError(ValueError):
    """A transform that cannot be used; the message says what was found and how to fix it."""


@dataclass(frozen=True)
class _Link:
    """
    Hold a frame's place in its parent.

    :param matrix: float64 [4, 4], from the frame to its parent
    :param stamp: of its newest message, in seconds
    :param received: when that came, in steady seconds
    :param jump: what its latest jump was; '' before any
    :param jumped: when that came, in steady seconds
    """

    parent: str
    matrix: np.ndarray
    static: bool
    stamp: float
    received: float
    jump: str = ''
    jumped: float = -math.inf


def transform_matrix(translation: Sequence[float], quaternion: Sequence[float]) -> np.ndarray:
    """
    Return the float64 [4, 4] matrix of a transform message: from the child to the parent.

    :param translation: x, y, z in metres
    :param quaternion: x, y, z, w; made one long
    :raises TransformError: for values that are no rotation or no numbers
    """
    q = np.asarray(quaternion, np.float64)
    length = float(np.linalg.norm(q))
    if not (np.isfinite([*translation, length]).all() and abs(length - 1.0) < 0.1):
        raise TransformError(
            f'tf with the translation {[*translation]} and the quaternion {[*quaternion]}; '
            'expected numbers and a quaternion of length 1: look at what publishes it'
        )
    x, y, z, w = q / length
    matrix = np.eye(4)
    matrix[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    matrix[:3, 3] = translation
    return matrix


class FrameTree:
    """
    Keep the newest transform of every frame; times are passed in.

    :param timeout: a link that is not static and not heard for so long has stopped, in seconds
    :param settling: how long a link is not used after it jumped, in seconds
    """

    def __init__(self, *, timeout: float = 1.0, settling: float = 1.0) -> None:
        self._timeout = timeout
        self._settling = settling
        self._links: dict[str, _Link] = {}

    def put(
        self,
        parent: str,
        child: str,
        matrix: np.ndarray,
        *,
        static: bool,
        stamp: float,
        now: float,
    ) -> None:
        """
        Take a transform as it comes; one that overtook a newer one is passed over.

        :param matrix: float64 [4, 4], from ``child`` to ``parent``
        :param stamp: of the message, in seconds
        :param now: steady seconds
        """
        # tf2 names frames without the slash that ROS 1 put before them.
        parent, child = parent.lstrip('/'), child.lstrip('/')
        link = _Link(parent, matrix, static, stamp, now)
        before = self._links.get(child)
        if before is not None:
            if not static and before.stamp - self._timeout <= stamp < before.stamp:
                return
            jump = self._jump(before, link)
            jumped = now if jump else before.jumped
            link = _Link(parent, matrix, static, stamp, now, jump or before.jump, jumped)
        self._links[child] = link

    def lookup(self, base: str, frame: str, now: float) -> np.ndarray:
        """
        Return the float64 [4, 4] matrix from ``frame`` to ``base``, of the newest transforms.

        :raises TransformError: where no way leads there, or a link of it stopped, has just jumped
            or is part of a loop
        """
        base, frame = base.lstrip('/'), frame.lstrip('/')
        # While this looks, another thread may put.
        links = self._links.copy()
        ways = _way_up(links, frame), _way_up(links, base)
        meeting = next((name for name in ways[0] if name in ways[1]), None)
        if meeting is None:
            tops = [next(reversed(way)) for way in ways]
            raise TransformError(
                f'tf has no way from {base} to {frame}: {frame} hangs from {tops[0]}, {base} from '
                f'{tops[1]}; publish what is missing, or set the pose by parameter'
            )
        up, down = ways[0][meeting], ways[1][meeting]
        for end in (frame, base):
            self._check(links, end, meeting, now)
        return np.linalg.inv(down) @ up

    def _check(self, links: Mapping[str, _Link], frame: str, top: str, now: float) -> None:
        """Raise for a link between a frame and one above it that stopped or has just jumped."""
        while frame != top:
            link = links[frame]
            name, age = f'{link.parent} -> {frame}', now - link.received
            if not link.static and age > self._timeout:
                raise TransformError(f'tf {name} stopped: nothing came for {age:.1f} s')
            if now - link.jumped < self._settling:
                raise TransformError(f'tf {name} jumped {now - link.jumped:.1f} s ago: {link.jump}')
            frame = link.parent

    def _jump(self, before: _Link, after: _Link) -> str:
        """Say how a link jumped; '' if it did not."""
        if before.parent != after.parent:
            return f'its parent was {before.parent}'
        if not after.static and after.stamp < before.stamp - self._timeout:
            return f'its stamp went back by {before.stamp - after.stamp:.1f} s'
        step = np.linalg.inv(before.matrix) @ after.matrix
        shift = float(np.linalg.norm(step[:3, 3]))
        turn = math.acos(min(1.0, max(-1.0, (float(np.trace(step[:3, :3])) - 1.0) / 2.0)))
        if shift > LARGEST_SHIFT or turn > LARGEST_TURN:
            return f'it moved {shift:.2f} m and {math.degrees(turn):.0f} degrees at once'
        return ''


def _way_up(links: Mapping[str, _Link], frame: str) -> dict[str, np.ndarray]:
    """Return every frame above one, itself the first, and the matrix from it to each."""
    way = {frame: np.eye(4)}
    at = frame
    while (link := links.get(at)) is not None:
        if link.parent in way:
            names = [*way][[*way].index(link.parent) :]
            raise TransformError(
                f'tf loops: {" -> ".join([*names, link.parent])}; two nodes publish links '
                'against each other'
            )
        way[link.parent] = link.matrix @ way[at]
        at = link.parent
    return way
