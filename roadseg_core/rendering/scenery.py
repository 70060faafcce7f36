"""Furnish a street: buildings, trees, lamps, parked vehicles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import numpy as np

from .config import DriveConfig
from .items import UP, Item, Plant, Wall, make_building, make_lamp, make_sign, standing
from .pictures import Facade, make_facade, make_hedge, make_tree
from .shadows import Shadows
from .street import Street
from .vehicles import Placed, Vehicle

_STYLES = 9
_PARKED = 0.55

_T = TypeVar('_T')


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
        self._facades = [make_facade(rng, kind) for kind in kinds]
        self._trees = [make_tree(rng) for _ in range(4)]
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

    def _any(self, choices: list[_T]) -> _T:
        return choices[self._rng.integers(len(choices))]

    def _place_buildings(self, side: int) -> None:
        street, rng = self._street, self._rng
        s = street.first - 20.0
        while s < street.last + 30.0:
            facade = self._any(self._facades)
            end = s + facade.width
            blocking = [
                j.s + j.half
                for j in street.junctions
                if s - 2 < j.s + j.half and j.s - j.half < end + 2
            ]
            if blocking:
                s = blocking[-1] + 2.01
                continue
            corner = not facade.pitched and any(street.in_junction(edge, 9.0) for edge in (s, end))
            front = street.building_line + rng.uniform(0, 0.25 * street.layout.setback)
            self._building(facade, side, s, front, 24.0 if corner else rng.uniform(8, 11))
            s = end + rng.exponential(street.layout.gap)

    def _place_closing_row(self, side: int) -> None:
        """Close the view through side streets and gaps with houses further out."""
        street = self._street
        s = street.first - 40.0
        while s < street.last + 40.0:
            facade = self._any(self._facades)
            if street.layout.gap or street.in_junction(s, 30.0):
                self._building(facade, side, s, street.building_line + 30.0, 10.0)
            s += facade.width + self._rng.exponential(street.layout.gap)

    def _building(self, facade: Facade, side: int, s: float, front: float, depth: float) -> None:
        # Seen from the road, s grows to the right on the left side of the street.
        left, right = (s, s + facade.width)[::side]
        near, far = side * front, side * (front + depth)
        plan = np.array([(left, near), (right, near), (right, far), (left, far)])
        self.background += make_building(self._street, facade, plan)
        self._shadows.prism(plan, facade.height)

    def _place_posts(self, side: int) -> None:
        street, rng = self._street, self._rng
        d = side * (street.road_half + 0.5)
        height = rng.uniform(5.5, 9.0)
        for s in self._places(24.0, 34.0, 3.0):
            heading = street.heading(s)
            inward = np.array([np.sin(heading), -np.cos(heading), 0.0]) * side
            self.foreground.append(make_lamp(street.points((s, d)), inward, height, rng))
            self._shadows.post(s, d, height)
        for s in self._places(15.0, 75.0, 2.0):
            self.foreground.append(make_sign(street.points((s, d)), rng))
            self._shadows.post(s, d, 2.4)

    def _places(self, least: float, most: float, margin: float) -> Iterator[float]:
        """Yield s so far apart, in metres, none of them within ``margin`` of a side street."""
        s = self._street.first + self._rng.uniform(0, most)
        while s < self._street.last:
            if not self._street.in_junction(s, margin):
                yield s
            s += self._rng.uniform(least, most)

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
        d, gap = self._street.road_half + 0.7, self._street.layout.tree_gap
        for s in self._places(0.6 * gap, 1.5 * gap, 4.0):
            self._tree(self.foreground, s, side * d, self._rng.uniform(5.5, 9.5))

    def _place_gardens(self, side: int) -> None:
        """Put hedges and trees between sidewalk and houses."""
        street, rng = self._street, self._rng
        d = side * (street.walk_end + 0.25)
        for s in np.arange(street.first, street.last, 4.0):
            if street.in_junction(s, 6.0):
                continue
            if rng.random() < 0.5:
                plan = np.array([(s, d), (s + 4.0, d)][::side])
                left, right = street.points(plan)
                self.background.append(Wall(standing(left, right, UP * 1.5), self._hedge, left))
                self._shadows.prism(plan, 1.5)
            elif rng.random() < 0.3:
                beyond = rng.uniform(2, 2 + street.layout.setback)
                self._tree(self.background, s, d + side * beyond, rng.uniform(3, 9))

    def _tree(self, items: list[Item], s: float, d: float, height: float) -> None:
        size = (height * self._rng.uniform(0.8, 1.1), height)
        items.append(Plant(self._street.points((s, d)), size, self._any(self._trees)))
        self._shadows.tree(s, d, height)
