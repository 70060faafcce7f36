"""Furnish a street: buildings, trees, lamps, parked vehicles."""

from __future__ import annotations

import numpy as np

from .config import DriveConfig
from .facades import Facade, make_facade, make_hedge
from .items import UP, Item, Plant, Wall, make_bin, make_building, make_lamp, make_sign, standing
from .plants import make_tree
from .shadows import Shadows
from .street import Street
from .texture import Texture
from .vehicles import Placed, Vehicle

_STYLES = 9
_PARKED = 0.55


class Scenery:
    """
    Everything that does not move.

    ``background`` is what stands at the building line and beyond, ``foreground`` what stands
    before it; painted in this order. The shadows of both are painted into ``shadows``.
    """

    def __init__(self, config: DriveConfig, street: Street, shadows: Shadows) -> None:
        self._street = street
        self._shadows = shadows
        self._rng = rng = config.generator('scenery')
        self.background: list[Item] = []
        self.foreground: list[Item] = []
        layout = street.layout
        kinds = [layout.buildings[i % len(layout.buildings)] for i in range(_STYLES)]
        self._facades = [(kind, make_facade(rng, kind)) for kind in kinds]
        self._trees = [make_tree(rng) for _ in range(4)]
        self._bushes = [make_tree(rng, 1.0) for _ in range(2)]
        self._hedge = make_hedge(rng)
        for side in (1, -1):
            self._place_closing_row(side)
            self._place_buildings(side)
            self._place_posts(side)
            if layout.parking:
                self._place_parked(side)
            if layout.tree_gap:
                self._place_trees(side)
            if layout.setback > 2:
                self._place_gardens(side)

    def _building(
        self, facade: Facade, side: int, s: float, front: float, depth: float, pitched: bool
    ) -> np.ndarray:
        """Add a building and return its plan, [4, 2]."""
        # Seen from the road, s grows to the right on the left side of the street.
        left, right = (s, s + facade.width)[::side]
        near, far = side * front, side * (front + depth)
        plan = np.array([(left, near), (right, near), (right, far), (left, far)])
        self.background += make_building(self._street, facade, plan, 0.32 * depth * pitched)
        return plan

    def _any(self, textures: list[Texture]) -> Texture:
        return textures[self._rng.integers(len(textures))]

    def _place_buildings(self, side: int) -> None:
        street, rng = self._street, self._rng
        s = street.first - 20.0
        while s < street.last + 30.0:
            kind, facade = self._facades[rng.integers(len(self._facades))]
            end = s + facade.width
            blocking = [
                j.s + j.half
                for j in street.junctions
                if abs(2 * j.s - s - end) < end - s + 2 * j.half + 4
            ]
            if blocking:
                s = blocking[-1] + 2.01
                continue
            front = street.building_line + rng.uniform(0, 0.25 * street.layout.setback)
            corner = any(street.in_junction(edge, 9.0) for edge in (s, end))
            depth = 24.0 if corner and kind != 'house' else rng.uniform(8, 11)
            pitched = kind == 'house' or (kind == 'terrace' and rng.random() < 0.5)
            plan = self._building(facade, side, s, front, depth, pitched and depth < 15)
            self._shadows.prism(plan, facade.height)
            s = end
            if street.layout.gap and rng.random() < 0.8:
                s += rng.exponential(street.layout.gap)

    def _place_closing_row(self, side: int) -> None:
        """Close the view through side streets and gaps with houses and trees further out."""
        street, rng = self._street, self._rng
        s = street.first - 40.0
        open_country = street.layout.setback > 10
        while s < street.last + 40.0:
            d = street.building_line + rng.uniform(28, 34)
            kind, facade = self._facades[rng.integers(len(self._facades))]
            if not open_country and rng.random() < 0.7:
                self._building(facade, side, s, d, 10.0, kind != 'block')
                s += facade.width
            else:
                height = rng.uniform(7, 12)
                foot, size = self._street.points((s, side * (d - 4))), (height * 1.1, height)
                self.background.append(Plant(foot, size, self._any(self._trees)))
                s += rng.uniform(4, 8)

    def _place_posts(self, side: int) -> None:
        street, rng = self._street, self._rng
        near_kerb = street.road_half + (0.5 if street.layout.verge < 1 else 0.8)
        height = rng.uniform(5.5, 9.0)
        s = street.first + rng.uniform(0, 25)
        while s < street.last:
            if not street.in_junction(s, 3.0):
                heading = street.heading(s)
                inward = np.array([np.sin(heading), -np.cos(heading), 0.0]) * side
                anchor = self._street.points((s, side * near_kerb))
                self.foreground.append(make_lamp(anchor, inward, height, rng))
                self._shadows.post(s, side * near_kerb, height)
            s += rng.uniform(24, 34)
        for maker, gap in ((make_sign, 38.0), (make_bin, 32.0)):
            s = street.first + rng.uniform(0, gap)
            while s < street.last:
                if not street.in_junction(s, 2.0):
                    far = street.walk_end - 0.5 if maker is make_bin else near_kerb
                    d = side * (far if rng.random() < 0.7 else near_kerb)
                    self.foreground.append(maker(self._street.points((s, d)), rng))
                    self._shadows.post(s, d, 1.2)
                s += rng.exponential(gap) + 5

    def _place_parked(self, side: int) -> None:
        street, rng = self._street, self._rng
        s = street.first
        while s < street.last:
            vehicle = Vehicle.random(rng)
            length = vehicle.body.length
            s += length / 2 + rng.uniform(0.6, 1.6)
            clear = length < 8 and not street.in_junction(s, length / 2 + 5.0)
            if clear and rng.random() < _PARKED:
                d = side * (street.road_half - vehicle.body.width / 2 - rng.uniform(0.1, 0.35))
                along = side == street.side or rng.random() < 0.2
                heading = street.heading(s) + (0.0 if along else np.pi) + rng.normal(0, 0.01)
                self.foreground.append(Placed(self._street.points((s, d)), heading, vehicle))
                self._shadows.prism(vehicle.footprint(0.0) + (s, d), vehicle.body.height * 0.85)
                self._shadows.contact(vehicle.footprint(0.12) + (s, d))
            s += length / 2

    def _place_trees(self, side: int) -> None:
        street, layout = self._street, self._street.layout
        if layout.verge:
            d = street.road_half + layout.verge * 0.6
        elif layout.setback > 2:
            d = street.walk_end + 1.2
        else:
            d = street.road_half + 0.7
        s = street.first + self._rng.uniform(0, layout.tree_gap)
        while s < street.last:
            if not street.in_junction(s, 4.0):
                self._tree(self.foreground, s, side * d, self._rng.uniform(5.5, 9.5))
            s += layout.tree_gap * self._rng.uniform(0.6, 1.5)

    def _place_gardens(self, side: int) -> None:
        """Put bushes, trees and a hedge or a fence between sidewalk and houses."""
        street, rng = self._street, self._rng
        length = 4.0
        for s in np.arange(street.first, street.last, length):
            edges = (s, s + length)[::side]
            if rng.random() < 0.5 and not any(street.in_junction(edge, 2.0) for edge in edges):
                d = side * (street.walk_end + 0.25)
                ends = self._street.points([(edge, d) for edge in edges])
                corners = standing(*ends, UP * 1.5)
                self.background.append(Wall(corners, self._hedge, corners[2:].mean(0)))
                self._shadows.prism(np.array([(edge, d) for edge in edges]), 1.5)
            elif rng.random() < 0.5 and not street.in_junction(s, 3.0):
                size = rng.uniform(0.9, 2.2)
                foot = self._street.points((s, side * (street.walk_end + size / 2 + 0.3)))
                self.background.append(Plant(foot, (size * 1.2, size), self._any(self._bushes)))
            if street.layout.gap > 4 and rng.random() < 0.35 and not street.in_junction(s, 5.0):
                beyond = 2 + rng.random() * (street.layout.setback + 12.0)
                d = side * (street.walk_end + beyond)
                self._tree(self.background, s, d, rng.uniform(5, 12))

    def _tree(self, items: list[Item], s: float, d: float, height: float) -> None:
        size = (height * self._rng.uniform(0.8, 1.1), height)
        items.append(Plant(self._street.points((s, d)), size, self._any(self._trees)))
        self._shadows.tree(s, d, height)
