"""Paint the street's ground: asphalt, markings, kerbs, sidewalks, grass."""

from __future__ import annotations

import cv2
import numpy as np

from . import materials as m
from .camera import SHIFT, fixed
from .config import DriveConfig
from .grid import Grid
from .noise import fractal_noise, grain
from .street import Junction, Street

_KERB = 0.16
_GUTTER = 0.22
_CHUNK = 1024


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
        self.texels = np.full((grid.rows, grid.columns), m.GRASS, np.uint8)
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
        return m.LABELS[self.texels]

    def colours(self) -> np.ndarray:
        """Return uint8 [rows, columns, 3], BGR, lit evenly."""
        rng = self._rng
        rows, columns = self.texels.shape
        unit = 1 / self._grid.texel
        fine = grain(rng, rows, columns)
        coarse = fractal_noise(
            rng,
            rows,
            columns,
            ((4 * unit, 14 * unit), (1.2 * unit, 3 * unit), (0.3 * unit, 0.6 * unit)),
        )
        coarse += self._wheel_tracks()[:, None]
        table = m.vary_colours(rng)
        strength = np.array([(item.fine, item.coarse) for item in m.MATERIALS], np.float32)
        out = np.empty((rows, columns, 3), np.uint8)
        for start in range(0, columns, _CHUNK):
            part = slice(start, min(start + _CHUNK, columns))
            ids = self.texels[:, part]
            noise = fine[:, part] * strength[ids, 0] + coarse[:, part] * strength[ids, 1]
            out[:, part] = (table[ids] + noise[..., None]).clip(0, 255)
        return cv2.GaussianBlur(out, (3, 3), 0.6)

    def _wheel_tracks(self) -> np.ndarray:
        """Return float32 [rows]: tyres polish and darken tracks, oil the middle of a lane."""
        layout = self._street.layout
        d = self._grid.low + self._grid.texel * (np.arange(self._grid.rows) + 0.5)
        total = np.zeros(len(d))
        for lane in range(layout.lanes):
            for sign in (-1, 1):
                middle = sign * layout.lane_width * (lane + 0.5)
                for offset, width, depth in ((-0.75, 0.3, 0.8), (0.75, 0.3, 0.8), (0, 0.35, 0.5)):
                    total -= depth * np.exp(-(((d - middle - offset) / width) ** 2))
        total[np.abs(d) > self._street.road_half] = 0
        return total.astype(np.float32)

    def _paint_bands(self) -> None:
        street = self._street
        beyond = {'house': m.GRASS}.get(street.layout.buildings[0], m.PAVING)
        if street.layout.setback > 10:
            beyond = m.GRASS
        bands = (
            (street.walk_end, 1e3, beyond),
            (street.walk_start, street.walk_end, m.SLAB),
            (street.road_half, street.walk_start, m.GRASS),
            (street.road_half, street.road_half + _KERB, m.KERB),
            (street.road_half - _GUTTER, street.road_half, m.GUTTER),
            (0.0, street.road_half - _GUTTER, m.ASPHALT),
        )
        for inner, outer, material in bands:
            self._both_sides(-1e4, 1e4, inner, outer, material)

    def _paint_joints(self) -> None:
        street, grid = self._street, self._grid
        if self._rng.random() < 0.3:
            return
        slab = self._rng.choice([0.6, 0.9, 1.5])
        low, high = street.walk_start + _KERB, street.walk_end
        for sign in (-1, 1):
            for s in np.arange(street.first, street.last, slab):
                column = grid.column(s)
                rows = sorted((grid.row(sign * low), grid.row(sign * high)))
                if self._rng.random() < 0.25:
                    self.texels[slice(*rows), column : grid.column(s + slab)] = m.SLAB_DARK
                self.texels[slice(*rows), column : column + 1] = m.JOINT
            for d in np.arange(low + slab, high, slab):
                self.texels[grid.row(sign * d), :] = m.JOINT

    def _paint_side_street(self, junction: Junction) -> None:
        street = self._street
        s, half, edge = junction.s, junction.half, street.road_half
        walk = 1.8
        radius = max(1.0, min(street.walk_end - edge - 0.5, 4.0))
        self._both_sides(s - half - walk, s + half + walk, street.walk_end, 1e3, m.SLAB)
        self._both_sides(s - half - radius, s + half + radius, edge, street.walk_end, m.SLAB)
        self._both_sides(s - half - _KERB, s + half + _KERB, edge, 1e3, m.KERB)
        self._both_sides(s - half, s + half, edge - _GUTTER, 1e3, m.ASPHALT)
        for along in (-1, 1):
            corner = s + along * (half + radius)
            self._both_sides(
                min(s + along * half, corner),
                max(s + along * half, corner),
                edge - _GUTTER,
                edge + radius,
                m.ASPHALT,
            )
            for side in (-1, 1):
                self._disc(corner, side * (edge + radius), radius, m.KERB, along, side)
                self._disc(corner, side * (edge + radius), radius - _KERB, m.SLAB, along, side)

    def _disc(
        self, s: float, d: float, radius: float, material: int, along: int, side: int
    ) -> None:
        """Paint the quarter of a disc that faces the crossing."""
        angle = np.linspace(0, np.pi / 2, 12)
        arc = np.stack([s - along * radius * np.cos(angle), d - side * radius * np.sin(angle)], 1)
        self._polygon(np.vstack([arc, [(s, d)]]), material)

    def _paint_repairs(self) -> None:
        street, rng = self._street, self._rng
        width = street.road_half - _GUTTER
        length = street.last - street.first
        for _ in range(int(length * rng.uniform(0.01, 0.07))):
            s, d = rng.uniform(street.first, street.last), rng.uniform(-width, width)
            size = (rng.uniform(0.8, 9.0), rng.uniform(0.5, 2.0))
            low, high = max(d - size[1] / 2, -width), min(d + size[1] / 2, width)
            material = m.DARK_PATCH if rng.random() < 0.65 else m.LIGHT_PATCH
            seam = 0.06
            self._rect(s - seam, s + size[0] + seam, low - seam, high + seam, m.CRACK)
            self._rect(s, s + size[0], low, high, material)
        for _ in range(int(length * rng.uniform(0.02, 0.12))):
            start = np.array([rng.uniform(street.first, street.last), rng.uniform(-width, width)])
            step = rng.normal(0, (0.8, 0.25) if rng.random() < 0.6 else (0.2, 0.6), (12, 2))
            path = start + np.cumsum(step + np.sign(step.sum(0)) * 0.15, axis=0)
            path[:, 1] = path[:, 1].clip(-width, width)
            self._line(path, m.CRACK)
        for _ in range(int(length / 22)):
            s, d = rng.uniform(street.first, street.last), rng.uniform(-width, width) * 0.8
            angle = np.linspace(0, 2 * np.pi, 16)
            ring = np.stack([s + np.cos(angle) * 0.33, d + np.sin(angle) * 0.33], 1)
            self._polygon(ring, m.MANHOLE)

    def _paint_markings(self) -> None:
        street, rng = self._street, self._rng
        layout = street.layout
        white, line = m.WHITE_LINE, 0.12
        centre = m.YELLOW_LINE if layout.centre == 'double' and rng.random() < 0.4 else white
        if layout.centre == 'double':
            self._both_sides(-1e4, 1e4, 0.08, 0.08 + line, centre)
        elif layout.centre == 'solid':
            self._rect(-1e4, 1e4, -line / 2, line / 2, centre)
        elif layout.centre == 'dashed':
            self._dashes(0.0, 2.0 if rng.random() < 0.5 else 4.0, 5.0, line)
        for lane in range(1, layout.lanes):
            for sign in (-1, 1):
                self._dashes(sign * lane * layout.lane_width, 3.0, 6.0, line)
        edge = layout.lanes * layout.lane_width
        if layout.parking:
            for sign in (-1, 1):
                self._dashes(sign * edge, 1.2, 5.2, line)
        elif layout.edge_lines and rng.random() < 0.4:
            self._both_sides(-1e4, 1e4, edge - 0.42, edge - 0.42 + 0.09, m.YELLOW_LINE)
            self._both_sides(-1e4, 1e4, edge - 0.62, edge - 0.62 + 0.09, m.YELLOW_LINE)
        elif layout.edge_lines:
            self._both_sides(-1e4, 1e4, edge - 0.55, edge - 0.55 + line, white)
        if layout.lanes == 1 and rng.random() < 0.3:
            # The longitudinal seam of two paving runs shows beside the marking.
            self._rect(-1e4, 1e4, 0.3, 0.36, m.CRACK)

    def _paint_crossing(self, junction: Junction) -> None:
        street, rng = self._street, self._rng
        s, half, edge = junction.s, junction.half, street.road_half
        self._rect(s - half - 0.5, s + half + 0.5, -edge + 0.5, edge - 0.5, m.ASPHALT)
        own = street.side
        if rng.random() < 0.6:
            stop = sorted((own * 0.2, own * (edge - 0.4)))
            self._rect(s - half - 6.6, s - half - 6.2, stop[0], stop[1], m.WHITE_LINE)
            for d in np.arange(-edge + 0.5, edge - 0.6, 1.1):
                self._rect(s - half - 5.2, s - half - 2.2, d, d + 0.55, m.WHITE_LINE)
        for side in (-1, 1):
            # Give way: a broken line across the mouth of the side street.
            for start in np.arange(s - half + 0.2, s + half - 0.4, 0.9):
                low, high = sorted((side * (edge - 0.1), side * (edge - 0.35)))
                self._rect(start, start + 0.5, low, high, m.WHITE_LINE)

    def _dashes(self, d: float, length: float, gap: float, line: float) -> None:
        for s in np.arange(self._street.first, self._street.last, length + gap):
            self._rect(s, s + length, d - line / 2, d + line / 2, m.WHITE_LINE)

    def _both_sides(
        self, start: float, stop: float, inner: float, outer: float, material: int
    ) -> None:
        self._rect(start, stop, inner, outer, material)
        self._rect(start, stop, -outer, -inner, material)

    def _rect(self, start: float, stop: float, low: float, high: float, material: int) -> None:
        grid = self._grid
        self.texels[grid.row(low) : grid.row(high), grid.column(start) : grid.column(stop)] = (
            material
        )

    def _polygon(self, plan: np.ndarray, material: int) -> None:
        outline = fixed(self._grid.texels(plan))
        cv2.fillPoly(self.texels, [outline], material, cv2.LINE_8, SHIFT)

    def _line(self, plan: np.ndarray, material: int) -> None:
        points = np.round(self._grid.texels(plan)).astype(np.int32)
        cv2.polylines(self.texels, [points], False, material, 1, cv2.LINE_8)
