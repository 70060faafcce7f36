"""Paint polygons, walls, pictures and limbs into an image and its truth."""

from __future__ import annotations

import math

import cv2
import numpy as np

from .camera import NEAR, View
from .light import Light
from .texture import Texture

_SHIFT = 4
_FAR_PIXEL = 30_000.0
_OUTLINE = np.concatenate(
    [np.linspace(-np.pi / 2, np.pi / 2, 6), np.linspace(np.pi / 2, np.pi * 1.5, 6)]
)
"""Directions of a bar's outline, from its axis: around its end, then around its start."""


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
        self._clear = math.log(1.0 - light.mood.haze) / 100.0
        self._far = tuple(light.haze_colour.tolist())
        intrinsics = view.intrinsics
        self._focal = np.array([intrinsics.fx, intrinsics.fy]) * 2**_SHIFT
        self._middle = np.array([intrinsics.cx, intrinsics.cy]) * 2**_SHIFT

    def colour(self, base: np.ndarray, gain: float, depth: float) -> tuple[float, ...]:
        """Return a BGR colour lit with ``gain`` and seen through ``depth`` metres of haze."""
        # Plain numbers: this runs for every polygon, and small arrays cost more.
        kept = math.exp(self._clear * depth)
        blue, green, red = (min(float(value) * gain, 255.0) for value in base)
        far = self._far
        return (
            far[0] + (blue - far[0]) * kept,
            far[1] + (green - far[1]) * kept,
            far[2] + (red - far[2]) * kept,
        )

    def polygon(
        self, points: np.ndarray, colour: np.ndarray, gain: float, label: int | None
    ) -> None:
        """
        Paint a flat polygon.

        :param points: [N, 3] in camera coordinates; what is behind the camera is cut off
        :param colour: BGR
        :param label: class id; ``None`` where the pixels have their label already
        """
        points = clip_near(points)
        if len(points) < 3:
            return
        scaled = points[:, :2] / points[:, 2:] * self._focal + self._middle
        limit = _FAR_PIXEL * 2**_SHIFT
        if points[:, 2].min() < 1.0:
            scaled = scaled.clip(-limit, limit)
        pixels = np.rint(scaled).astype(np.int32)
        shown = self.colour(colour, gain, float(points[0, 2]))
        cv2.fillPoly(self.image, [pixels], shown, cv2.LINE_AA, _SHIFT)
        if label is not None:
            cv2.fillPoly(self.labels, [pixels], label, cv2.LINE_8, _SHIFT)

    def limbs(
        self, ends: np.ndarray, widths: np.ndarray, colours: np.ndarray, gain: float, label: int
    ) -> None:
        """
        Paint rounded bars in the order given: arms, poles, a bicycle's tubes.

        :param ends: [N, 2, 3], start and end in camera coordinates; all before the camera
        :param widths: [N, 2], thickness at start and end, in metres
        :param colours: [N, 3], BGR
        """
        if ends[..., 2].min() < NEAR:
            return
        pixels = self.view.to_pixels(ends.reshape(-1, 3)).reshape(-1, 2, 2)
        radii = np.maximum(0.5 * self.view.intrinsics.fx * widths / ends[..., 2], 0.35)
        way = pixels[:, 1] - pixels[:, 0]
        angles = np.arctan2(way[:, 1], way[:, 0])[:, None] + _OUTLINE
        arcs = np.stack([np.cos(angles), np.sin(angles)], axis=2)
        half = arcs.shape[1] // 2
        outlines = np.concatenate(
            [
                pixels[:, 1:] + radii[:, 1, None, None] * arcs[:, :half],
                pixels[:, :1] + radii[:, 0, None, None] * arcs[:, half:],
            ],
            axis=1,
        )
        fixed = self._fixed(outlines)
        depth = float(ends[..., 2].mean())
        for outline, colour in zip(fixed, colours, strict=True):
            cv2.fillPoly(
                self.image, [outline], self.colour(colour, gain, depth), cv2.LINE_AA, _SHIFT
            )
            cv2.fillPoly(self.labels, [outline], label, cv2.LINE_8, _SHIFT)

    def wall(self, corners: np.ndarray, texture: Texture, gain: float, label: int) -> None:
        """
        Paint a picture on a flat parallelogram.

        :param corners: [4, 3] in camera coordinates: upper left, upper right, lower right,
            lower left of the picture
        """
        visible = clip_near(corners)
        if len(visible) < 3:
            return
        pixels = self.view.to_pixels(visible)
        box = self._box(pixels)
        if box is None:
            return
        fixed = self._fixed(pixels)
        origin, across, down = corners[0], corners[1] - corners[0], corners[3] - corners[0]
        fx, fy, cx, cy = self.view.intrinsics
        matrix = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]]) @ np.stack(
            [across, down, origin], axis=1
        )
        level = texture.level(*self._extent(corners))
        scale = np.array(
            [
                [1 / level.shape[1], 0, 0.5 / level.shape[1]],
                [0, 1 / level.shape[0], 0.5 / level.shape[0]],
                [0, 0, 1.0],
            ]
        )
        left, top, right, bottom = box
        shift = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1.0]])
        patch = cv2.warpPerspective(
            level,
            shift @ matrix @ scale,
            (right - left, bottom - top),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        mask = np.zeros(patch.shape[:2], np.uint8)
        cv2.fillPoly(mask, [fixed - (np.array([left, top]) << _SHIFT)], 255, cv2.LINE_AA, _SHIFT)
        depth = float(np.sqrt(visible[:, 2].min() * visible[:, 2].max()))
        self._blend(box, self._lit(patch[..., :3], gain, depth), mask)
        cv2.fillPoly(self.labels, [fixed], label, cv2.LINE_8, _SHIFT)

    def sprite(
        self,
        foot: np.ndarray,
        width: float,
        height: float,
        texture: Texture,
        gain: float,
        label: int,
    ) -> None:
        """
        Paint a picture with transparency, standing upright and facing the camera.

        :param foot: [3] of the middle of its lower edge, in camera coordinates
        :param width: metres
        :param height: metres
        """
        depth = float(foot[2])
        if depth < 1.0:
            return
        scale = self.view.intrinsics.fx / depth
        x, y = self.view.to_pixels(foot[None])[0]
        left, top = x - width * scale / 2, y - height * scale
        box = self._box(np.array([(left, top), (left + width * scale, y)]))
        if box is None:
            return
        level = texture.level(width * scale, height * scale)
        zoom = (width * scale / level.shape[1], height * scale / level.shape[0])
        matrix = np.array(
            [[zoom[0], 0, left - box[0] + zoom[0] / 2], [0, zoom[1], top - box[1] + zoom[1] / 2]]
        )
        patch = cv2.warpAffine(
            level,
            matrix,
            (box[2] - box[0], box[3] - box[1]),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(0, 0, 0, 0),
        )
        mask = np.ascontiguousarray(patch[..., 3])
        self._blend(box, self._lit(patch[..., :3], gain, depth), mask)
        self.labels[box[1] : box[3], box[0] : box[2]][mask > 127] = label

    def _lit(self, patch: np.ndarray, gain: float, depth: float) -> np.ndarray:
        haze = float(self.light.haze_share(depth))
        rows = np.zeros((3, 4))
        rows[:, :3] = np.eye(3) * gain * (1 - haze)
        rows[:, 3] = self.light.haze_colour * haze
        return cv2.transform(patch, rows)

    def _blend(self, box: tuple[int, int, int, int], patch: np.ndarray, mask: np.ndarray) -> None:
        target = self.image[box[1] : box[3], box[0] : box[2]]
        weight = mask.astype(np.float32) * np.float32(1 / 255)
        target[:] = cv2.blendLinear(patch, np.ascontiguousarray(target), weight, 1 - weight)

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
            return np.inf, np.inf
        pixels = self.view.to_pixels(corners)
        sides = np.linalg.norm(np.roll(pixels, -1, axis=0) - pixels, axis=1)
        return float(max(sides[0], sides[2])), float(np.sqrt(sides[1] * sides[3]))

    @staticmethod
    def _fixed(pixels: np.ndarray) -> np.ndarray:
        bounded = np.clip(pixels, -_FAR_PIXEL, _FAR_PIXEL)
        return np.round(bounded * 2**_SHIFT).astype(np.int32)


def clip_near(points: np.ndarray) -> np.ndarray:
    """Return the part of a polygon ([N, 3] in camera coordinates) in front of the camera."""
    if points[:, 2].min() >= NEAR:
        return points
    inside = points[:, 2] >= NEAR
    if not inside.any():
        return points[:0]
    kept = []
    for index in range(len(points)):
        here, there = points[index - 1], points[index]
        if inside[index - 1] != inside[index]:
            share = (NEAR - here[2]) / (there[2] - here[2])
            kept.append(here + share * (there - here))
        if inside[index]:
            kept.append(there)
    return np.array(kept)
