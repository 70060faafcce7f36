"""Paint polygons, walls, pictures and limbs into an image and its truth."""

from __future__ import annotations

import math
from collections.abc import Iterable

import cv2
import numpy as np

from .camera import SHIFT, CameraPose, fixed
from .light import Light
from .texture import Texture

_OUTLINE = np.concatenate(
    [np.linspace(-np.pi / 2, np.pi / 2, 6), np.linspace(np.pi / 2, np.pi * 1.5, 6)]
)
"""Directions of a bar's outline, from its axis: around its end, then around its start."""


class Painter:
    """
    Paint back to front; what is painted later covers what was there.

    The image gets soft edges, the truth hard ones.

    ``image`` is uint8 [H, W, 3], BGR, ``labels`` uint8 [H, W]; both are empty at first.
    """

    def __init__(self, view: CameraPose, light: Light) -> None:
        self.view = view
        self.light = light
        size = view.camera.height, view.camera.width
        self.image, self.labels = np.empty((*size, 3), np.uint8), np.empty(size, np.uint8)

    def polygons(self, polygons: list[np.ndarray], colours: np.ndarray, label: int) -> None:
        """
        Paint flat polygons in the order given; what is behind the camera is cut off.

        :param polygons: each [N, 3] in camera coordinates
        :param colours: [polygons, 3], BGR in this light
        """
        points = np.concatenate(polygons)
        if points[:, 2].min() > 0.5:
            ends = np.cumsum([len(polygon) for polygon in polygons])
            outlines = np.split(self.view.outline(points), ends[:-1])
        else:
            outlines = [self.view.outline(polygon) for polygon in polygons]
        self._fill(outlines, colours, float(points[:, 2].mean()), label)

    def limbs(self, ends: np.ndarray, widths: np.ndarray, colours: np.ndarray, label: int) -> None:
        """
        Paint rounded bars in the order given: arms, poles, a bicycle's tubes.

        :param ends: [N, 2, 3], start and end in camera coordinates
        :param widths: [N, 2], thickness at start and end, in metres
        :param colours: [N, 3], BGR in this light
        """
        if ends[..., 2].min() < 0.2:
            return
        pixels = self.view.to_pixels(ends)
        radii = np.maximum(0.5 * self.view.camera.intrinsics.fx * widths / ends[..., 2], 0.35)
        way = pixels[:, 1] - pixels[:, 0]
        angles = np.arctan2(way[:, 1], way[:, 0])[:, None] + _OUTLINE
        arcs = np.stack([np.cos(angles), np.sin(angles)], axis=2)
        half = len(_OUTLINE) // 2
        arcs[:, :half] = pixels[:, 1:] + radii[:, 1, None, None] * arcs[:, :half]
        arcs[:, half:] = pixels[:, :1] + radii[:, 0, None, None] * arcs[:, half:]
        self._fill(fixed(arcs), colours, float(ends[..., 2].mean()), label)

    def _fill(
        self, outlines: Iterable[np.ndarray], colours: np.ndarray, depth: float, label: int
    ) -> None:
        """Fill outlines, seen through the haze of ``depth`` metres."""
        lost = self.light.haze_share(max(depth, 0.0))
        seen = np.minimum(colours, 255.0) * (1 - lost) + self.light.haze * lost
        for outline, colour in zip(outlines, seen.tolist()):
            if len(outline) > 2:
                cv2.fillPoly(self.image, [outline], colour, cv2.LINE_AA, SHIFT)
                cv2.fillPoly(self.labels, [outline], label, cv2.LINE_8, SHIFT)

    def picture(self, corners: np.ndarray, texture: Texture, gain: float, label: int) -> None:
        """
        Paint a picture on a flat parallelogram.

        :param corners: [4, 3] in camera coordinates: upper left, upper right, lower right,
            lower left of the picture
        """
        outline = self.view.outline(corners)
        if len(outline) < 3:
            return
        left, top = np.maximum((outline.min(0) >> SHIFT) - 1, 0).tolist()
        size = self.view.camera.width, self.view.camera.height
        right, bottom = np.minimum((outline.max(0) >> SHIFT) + 3, size).tolist()
        if left >= right or top >= bottom:
            return
        level = texture.level(*self._extent(corners))
        height, width = level.shape[:2]
        solid = level.shape[2] == 3
        fx, fy, cx, cy = self.view.camera.intrinsics
        project = np.array([[fx, 0, cx - left], [0, fy, cy - top], [0, 0, 1.0]])
        origin, across, down = corners[0], corners[1] - corners[0], corners[3] - corners[0]
        plane = np.stack([across / width, down / height, origin], axis=1)
        plane[:, 2] += 0.5 * (plane[:, 0] + plane[:, 1])
        border = cv2.BORDER_REPLICATE if solid else cv2.BORDER_CONSTANT
        size = right - left, bottom - top
        patch = cv2.warpPerspective(level, project @ plane, size, borderMode=border)
        if solid:
            mask = np.zeros(size[::-1], np.uint8)
            outline -= (left << SHIFT, top << SHIFT)
            cv2.fillPoly(mask, [outline], 255, cv2.LINE_AA, SHIFT)
        else:
            mask = cv2.extractChannel(patch, 3)
            patch = cv2.cvtColor(patch, cv2.COLOR_BGRA2BGR)
        depth = corners[:, 2].clip(0.15)
        lost = float(self.light.haze_share(math.sqrt(depth.min() * depth.max())))
        lit = cv2.convertScaleAbs(patch, alpha=gain * (1 - lost), beta=self.light.haze * lost)
        place = slice(top, bottom), slice(left, right)
        blend(self.image[place], lit, mask)
        self.labels[place][mask > 127] = label

    def _extent(self, corners: np.ndarray) -> tuple[float, float]:
        """Return about how many pixels wide and high a picture appears."""
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
