"""Paint polygons, walls, pictures and limbs into an image and its truth."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from .camera import SHIFT, View, fixed
from .light import Light
from .texture import Texture

_OUTLINE = np.concatenate(
    [np.linspace(-np.pi / 2, np.pi / 2, 6), np.linspace(np.pi / 2, np.pi * 1.5, 6)]
)
"""Directions of a bar's outline, from its axis: around its end, then around its start."""


class Part(NamedTuple):
    """
    Describe a flat polygon of one colour.

    :param points: [N, 3] in camera coordinates
    :param colour: BGR
    :param gain: of the light
    :param label: class id; ``None`` where the pixels have their label already
    """

    points: np.ndarray
    colour: np.ndarray
    gain: float
    label: int | None


class Painter:
    """
    Paint back to front; what is painted later covers what was there.

    The image gets soft edges, the truth hard ones.

    :param image: uint8 [H, W, 3], changed in place
    :param labels: uint8 [H, W], changed in place
    """

    def __init__(self, image: np.ndarray, labels: np.ndarray, view: View, light: Light) -> None:
        self.image = image
        self.labels = labels
        self.view = view
        self.light = light

    def colours(self, base: np.ndarray, gain: np.ndarray, depth: np.ndarray) -> list:
        """
        Return BGR colours as the camera sees them.

        :param base: [N, 3]
        :param gain: of the light, [N] or one
        :param depth: in metres, through the haze, [N] or one
        """
        lost = np.reshape(self.light.haze_share(np.maximum(depth, 0.0)), (-1, 1))
        lit = np.minimum(base * np.reshape(gain, (-1, 1)), 255.0)
        return (lit * (1 - lost) + self.light.haze * lost).tolist()

    def polygons(self, parts: list[Part]) -> None:
        """Paint flat polygons in the order given; what is behind the camera is cut off."""
        ends = np.cumsum([len(part.points) for part in parts])
        points = np.concatenate([part.points for part in parts])
        whole = self.view.outline(points) if points[:, 2].min() > 0.5 else None
        starts = ends - [len(part.points) for part in parts]
        colours, gains = np.array([part.colour for part in parts]), [part.gain for part in parts]
        shown = self.colours(colours, np.array(gains), points[starts, 2])
        for part, start, end, colour in zip(parts, starts, ends, shown):
            if whole is None:
                outline = self.view.outline(points[start:end])
                if len(outline) < 3:
                    continue
            else:
                outline = whole[start:end]
            cv2.fillPoly(self.image, [outline], colour, cv2.LINE_AA, SHIFT)
            if part.label is not None:
                cv2.fillPoly(self.labels, [outline], part.label, cv2.LINE_8, SHIFT)

    def limbs(
        self, ends: np.ndarray, widths: np.ndarray, colours: np.ndarray, gain: float, label: int
    ) -> None:
        """
        Paint rounded bars in the order given: arms, poles, a bicycle's tubes.

        :param ends: [N, 2, 3], start and end in camera coordinates
        :param widths: [N, 2], thickness at start and end, in metres
        :param colours: [N, 3], BGR
        """
        if ends[..., 2].min() < 0.2:
            return
        pixels = self.view.to_pixels(ends)
        radii = np.maximum(0.5 * self.view.intrinsics.fx * widths / ends[..., 2], 0.35)
        way = pixels[:, 1] - pixels[:, 0]
        angles = np.arctan2(way[:, 1], way[:, 0])[:, None] + _OUTLINE
        arcs = np.stack([np.cos(angles), np.sin(angles)], axis=2)
        half = len(_OUTLINE) // 2
        arcs[:, :half] = pixels[:, 1:] + radii[:, 1, None, None] * arcs[:, :half]
        arcs[:, half:] = pixels[:, :1] + radii[:, 0, None, None] * arcs[:, half:]
        shown = self.colours(colours, gain, float(ends[..., 2].mean()))
        for outline, colour in zip(fixed(arcs), shown):
            cv2.fillPoly(self.image, [outline], colour, cv2.LINE_AA, SHIFT)
            cv2.fillPoly(self.labels, [outline], label, cv2.LINE_8, SHIFT)

    def wall(self, corners: np.ndarray, texture: Texture, gain: float, label: int) -> None:
        """
        Paint a picture on a flat parallelogram.

        :param corners: [4, 3] in camera coordinates: upper left, upper right, lower right,
            lower left of the picture
        """
        outline = self.view.outline(corners)
        box = self._box(outline / 2**SHIFT) if len(outline) > 2 else None
        if box is None:
            return
        left, top, right, bottom = box
        level = texture.level(*self._extent(corners))
        height, width = level.shape[:2]
        fx, fy, cx, cy = self.view.intrinsics
        project = np.array([[fx, 0, cx - left], [0, fy, cy - top], [0, 0, 1.0]])
        origin, across, down = corners[0], corners[1] - corners[0], corners[3] - corners[0]
        plane = np.stack([across / width, down / height, origin], axis=1)
        plane[:, 2] += 0.5 * (plane[:, 0] + plane[:, 1])
        patch = cv2.warpPerspective(
            level,
            project @ plane,
            (right - left, bottom - top),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        mask = np.zeros(patch.shape[:2], np.uint8)
        cv2.fillPoly(mask, [outline - ((left << SHIFT), (top << SHIFT))], 255, cv2.LINE_AA, SHIFT)
        depth = corners[:, 2].clip(0.15)
        self._blend(box, patch, gain, float(np.sqrt(depth.min() * depth.max())), mask)
        cv2.fillPoly(self.labels, [outline], label, cv2.LINE_8, SHIFT)

    def sprite(
        self,
        foot: np.ndarray,
        size: tuple[float, float],
        texture: Texture,
        gain: float,
        label: int,
    ) -> None:
        """
        Paint a picture with transparency, standing upright and facing the camera.

        :param foot: [3] of the middle of its lower edge, in camera coordinates
        :param size: width and height in metres
        """
        depth = float(foot[2])
        if depth < 1.0:
            return
        width, height = (self.view.intrinsics.fx / depth * length for length in size)
        x, y = self.view.to_pixels(foot)
        left, top = x - width / 2, y - height
        box = self._box(np.array([(left, top), (left + width, y)]))
        if box is None:
            return
        level = texture.level(width, height)
        zoom = width / level.shape[1], height / level.shape[0]
        matrix = np.array(
            [[zoom[0], 0, left - box[0] + zoom[0] / 2], [0, zoom[1], top - box[1] + zoom[1] / 2]]
        )
        patch = cv2.warpAffine(level, matrix, (box[2] - box[0], box[3] - box[1]))
        mask = cv2.extractChannel(patch, 3)
        self._blend(box, cv2.cvtColor(patch, cv2.COLOR_BGRA2BGR), gain, depth, mask)
        self.labels[box[1] : box[3], box[0] : box[2]][mask > 127] = label

    def _blend(
        self,
        box: tuple[int, int, int, int],
        patch: np.ndarray,
        gain: float,
        depth: float,
        mask: np.ndarray,
    ) -> None:
        lost = float(self.light.haze_share(depth))
        lit = cv2.convertScaleAbs(patch, alpha=gain * (1 - lost), beta=self.light.haze * lost)
        blend(self.image[box[1] : box[3], box[0] : box[2]], lit, mask)

    def _box(self, pixels: np.ndarray) -> tuple[int, int, int, int] | None:
        left, top = np.floor(np.maximum(pixels.min(0) - 1, 0))
        right = min(np.ceil(pixels[:, 0].max()) + 2, self.view.width)
        bottom = min(np.ceil(pixels[:, 1].max()) + 2, self.view.height)
        if right - left < 1 or bottom - top < 1:
            return None
        return int(left), int(top), int(right), int(bottom)

    def _extent(self, corners: np.ndarray) -> tuple[float, float]:
        """Return about how many pixels wide and high a wall appears."""
        if corners[:, 2].min() < 1.0:
            return math.inf, math.inf
        sides = np.diff(self.view.to_pixels(corners[[0, 1, 2, 3, 0]]), axis=0)
        upper, right, lower, left = np.hypot(sides[:, 0], sides[:, 1]).tolist()
        return max(upper, lower), math.sqrt(right * left)


def blend(target: np.ndarray, patch: np.ndarray, mask: np.ndarray) -> None:
    """Lay ``patch`` (uint8 [h, w, 3]) on ``target`` as far as ``mask`` (uint8 [h, w]) is white."""
    weight = cv2.merge([mask] * 3)
    kept = cv2.multiply(target, cv2.bitwise_not(weight), scale=1 / 255)
    cv2.add(kept, cv2.multiply(patch, weight, scale=1 / 255), dst=target)
