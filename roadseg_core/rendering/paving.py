"""Paint the street's ground: asphalt, markings, kerbs, sidewalks, grass, and their truth."""

from __future__ import annotations

import cv2
import numpy as np

from .camera import SHIFT, fixed
from .config import INFRASTRUCTURE, ROAD, SIDEWALK, DriveConfig
from .street import LANE, Grid, Junction, Street
from .texture import fractal_noise

ASPHALT, PATCH, CRACK, WHITE_LINE, YELLOW_LINE, KERB, SLAB, JOINT, GRASS, PAVING = range(10)

_TABLE = np.array(
    [
        (116, 113, 111, 8, 7),
        (96, 93, 92, 7, 5),
        (66, 64, 63, 5, 5),
        (196, 200, 202, 11, 16),
        (92, 164, 186, 11, 14),
        (158, 161, 162, 10, 8),
        (128, 131, 134, 7, 8),
        (88, 90, 92, 6, 6),
        (58, 96, 86, 14, 13),
        (110, 116, 122, 9, 8),
    ],
    np.float32,
)
_GRAIN = _TABLE[:, 3:]
"""Strength of each material's noise from one texel to the next, and over metres."""

_LABELS = np.array([ROAD] * KERB + [SIDEWALK] * 3 + [INFRASTRUCTURE] * 2, np.uint8)

_KERB_WIDTH = 0.16
_LINE_WIDTH = 0.12
_CHUNK = 1024
_ALL = 1e4


class Pavement:
    """
    Paint the materials of a street's ground.

    ``texels`` is uint8 [rows, columns] of material numbers. It is the truth and the picture:
    labels and colours are both looked up from it.
    """

    def __init__(self, config: DriveConfig, street: Street, grid: Grid) -> None:
        self._street = street
        self._grid = grid
        self._rng = config.generator('paving')
        self.texels = np.full((grid.rows, grid.columns), GRASS, np.uint8)
        self._paint_bands()
        self._paint_joints()
        for junction in street.junctions:
            self._paint_side_street(junction)
        self._paint_repairs()
        self._paint_markings()
        for junction in street.junctions:
            self._paint_crossing(junction)

    def labels(self) -> np.ndarray:
        """Return uint8 [rows, columns] of class ids."""
        return _LABELS[self.texels]

    def colours(self) -> np.ndarray:
        """Return uint8 [rows, columns, 3], BGR, lit evenly."""
        rng = self._rng
        rows, columns = self.texels.shape
        fine = rng.standard_normal((rows, _CHUNK), np.float32)
        cells = np.array([(4, 14), (1.2, 3), (0.3, 0.6)]) / self._grid.texel
        coarse = fractal_noise(rng, rows, columns, cells)
        table = _vary_colours(rng)
        out = np.empty((rows, columns, 3), np.uint8)
        for start in range(0, columns, _CHUNK):
            part = slice(start, start + _CHUNK)
            ids = self.texels[:, part]
            noise = fine[:, : ids.shape[1]] * _GRAIN[ids, 0] + coarse[:, part] * _GRAIN[ids, 1]
            out[:, part] = (table[ids] + noise[..., None]).clip(0, 255)
        return cv2.GaussianBlur(out, (3, 3), 0.6)

    def _paint_bands(self) -> None:
        street = self._street
        green = street.layout.buildings[0] == 'house'
        for inner, outer, material in (
            (street.walk_end, 1e3, GRASS if green else PAVING),
            (street.walk_start, street.walk_end, SLAB),
            (street.road_half, street.walk_start, GRASS),
            (street.road_half, street.road_half + _KERB_WIDTH, KERB),
            (0.0, street.road_half, ASPHALT),
        ):
            self._both_sides(-_ALL, _ALL, inner, outer, material)

    def _paint_joints(self) -> None:
        street = self._street
        slab = self._rng.choice([0.6, 0.9, 1.5])
        texel = self._grid.texel
        low, high = street.walk_start + _KERB_WIDTH, street.walk_end
        for s in np.arange(street.first, street.last, slab):
            self._both_sides(s, s + texel, low, high, JOINT)
        for d in np.arange(low + slab, high, slab):
            self._both_sides(-_ALL, _ALL, d, d + texel, JOINT)

    def _paint_side_street(self, junction: Junction) -> None:
        street = self._street
        s, half, edge = junction.s, junction.half, street.road_half
        radius = max(1.0, min(street.walk_end - edge - 0.5, 4.0))
        self._both_sides(s - half - 1.8, s + half + 1.8, street.walk_end, 1e3, SLAB)
        reach = half + radius
        self._both_sides(s - reach, s + reach, edge, street.walk_end, SLAB)
        self._both_sides(s - half - _KERB_WIDTH, s + half + _KERB_WIDTH, edge, 1e3, KERB)
        self._both_sides(s - half, s + half, edge, 1e3, ASPHALT)
        # Rounded corners: a square of asphalt, and on it a quarter of a disc of sidewalk.
        for along in (-1, 1):
            corner = s + along * reach
            start, stop = sorted((corner, s + along * half))
            self._both_sides(start, stop, edge, edge + radius, ASPHALT)
            angle = np.linspace(0, np.pi / 2, 12)
            arc = np.array([[*-along * np.cos(angle), 0], [*-np.sin(angle), 0]])
            for side in (-1, 1):
                middle = np.array([corner, side * (edge + radius)])
                for size, material in ((radius, KERB), (radius - _KERB_WIDTH, SLAB)):
                    outline = fixed(self._grid.texels(middle + size * arc.T * (1, side)))
                    cv2.fillPoly(self.texels, [outline], material, cv2.LINE_8, SHIFT)

    def _paint_repairs(self) -> None:
        street, rng = self._street, self._rng
        width, length = street.road_half, street.last - street.first

        def place() -> np.ndarray:
            return np.array([rng.uniform(street.first, street.last), rng.uniform(-width, width)])

        for _ in range(int(length * rng.uniform(0.01, 0.07))):
            (s, d), long, wide = place(), rng.uniform(0.8, 9.0), rng.uniform(0.5, 2.0)
            low, high = max(d - wide / 2, -width), min(d + wide / 2, width)
            self._rect(s - 0.06, s + long + 0.06, low - 0.06, high + 0.06, CRACK)
            self._rect(s, s + long, low, high, PATCH)
        for _ in range(int(length * rng.uniform(0.02, 0.12))):
            step = rng.normal(0, (0.8, 0.25) if rng.random() < 0.6 else (0.2, 0.6), (12, 2))
            path = place() + np.cumsum(step + np.sign(step.sum(0)) * 0.15, axis=0)
            path[:, 1] = path[:, 1].clip(-width, width)
            points = np.rint(self._grid.texels(path)).astype(np.int32)
            cv2.polylines(self.texels, [points], False, CRACK, 1, cv2.LINE_8)

    def _paint_markings(self) -> None:
        rng, layout = self._rng, self._street.layout
        if layout.centre == 'double':
            material = YELLOW_LINE if rng.random() < 0.4 else WHITE_LINE
            self._both_sides(-_ALL, _ALL, 0.08, 0.08 + _LINE_WIDTH, material)
        elif layout.centre == 'dashed':
            self._dashes(0.0, 2.0 if rng.random() < 0.5 else 4.0, 5.0)
        for lane in range(1, layout.lanes):
            self._dashes(lane * LANE, 3.0, 6.0)
        edge = layout.lanes * LANE
        if layout.parking:
            self._dashes(edge, 1.2, 5.2)
        elif layout.edge_lines:
            self._both_sides(-_ALL, _ALL, edge - 0.55, edge - 0.55 + _LINE_WIDTH, WHITE_LINE)

    def _paint_crossing(self, junction: Junction) -> None:
        s, half, edge = junction.s, junction.half, self._street.road_half
        self._rect(s - half - 0.5, s + half + 0.5, -edge + 0.5, edge - 0.5, ASPHALT)
        if self._rng.random() < 0.6:
            own = sorted((self._street.side * 0.2, self._street.side * (edge - 0.4)))
            self._rect(s - half - 6.6, s - half - 6.2, *own, WHITE_LINE)
            for d in np.arange(-edge + 0.5, edge - 0.6, 1.1):
                self._rect(s - half - 5.2, s - half - 2.2, d, d + 0.55, WHITE_LINE)
        # Give way: a broken line across the mouth of the side street.
        for start in np.arange(s - half + 0.2, s + half - 0.4, 0.9):
            self._both_sides(start, start + 0.5, edge - 0.35, edge - 0.1, WHITE_LINE)

    def _dashes(self, d: float, length: float, gap: float) -> None:
        for s in np.arange(self._street.first, self._street.last, length + gap):
            self._both_sides(s, s + length, d - _LINE_WIDTH / 2, d + _LINE_WIDTH / 2, WHITE_LINE)

    def _both_sides(
        self, start: float, stop: float, inner: float, outer: float, material: int
    ) -> None:
        self._rect(start, stop, inner, outer, material)
        self._rect(start, stop, -outer, -inner, material)

    def _rect(self, start: float, stop: float, low: float, high: float, material: int) -> None:
        self.texels[self._grid.part(start, stop, low, high)] = material


def _vary_colours(rng: np.random.Generator) -> np.ndarray:
    """
    Return float32 [materials, 3], BGR under an even sky: the colours of one drive.

    Roads and sidewalks of different streets differ in brightness and warmth, and not always
    in the same sense; markings stay lighter than what they are painted on.
    """
    table = _TABLE[:, :3].copy()
    road_gain, walk_gain = rng.uniform(0.80, 1.12), rng.uniform(0.84, 1.15)
    road_gain *= 1.0 + rng.normal(0, 0.012, 3)
    table[: CRACK + 1] *= road_gain
    table[KERB : JOINT + 1] *= walk_gain * (1.0 + np.array([-1, 0, 1]) * rng.uniform(-0.02, 0.08))
    table[WHITE_LINE] *= rng.uniform(0.85, 1.05)
    table[GRASS] *= rng.uniform(0.8, 1.1) * (1.0 + rng.normal(0, 0.05, 3))
    return table.clip(10, 235)
