"""Move vehicles, people and the camera vehicle along the street."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .config import DriveConfig
from .people import Person, PlacedPerson
from .street import AHEAD, BEHIND, LANE, Street
from .vehicles import Placed, Vehicle

_GAP = 25.0
"""Mean metres between vehicles on a street of one lane each way."""


@dataclass(frozen=True)
class _Course:
    """A way along the street: s = start + speed * t, relative to the camera or the ground."""

    start: float
    speed: float
    d: float
    follows: bool = False


class Traffic:
    """All that moves, at any moment of the drive."""

    def __init__(self, config: DriveConfig, street: Street) -> None:
        self._street = street
        rng = config.generator('traffic')
        self._speed = street.layout.speed * rng.uniform(0.85, 1.05)
        self._seconds = config.seconds
        self._sway = rng.uniform(0, 2 * math.pi)
        self._vehicles = self._place_vehicles(rng)
        self._people = self._place_people(rng)

    def camera_vehicle(self, seconds: float) -> tuple[float, float]:
        """Return s, d of the camera vehicle."""
        # It slows down and speeds up a little, and does not keep the exact middle.
        s = self._speed * (seconds + 0.6 * math.sin(0.5 * seconds))
        d = self._street.lane(0) + 0.15 * math.sin(0.35 * seconds + self._sway)
        return s, d

    def vehicles(self, seconds: float) -> list[Placed]:
        """Return the vehicles on the move."""
        return [
            Placed(*self._place(course, seconds), vehicle) for vehicle, course in self._vehicles
        ]

    def people(self, seconds: float) -> list[PlacedPerson]:
        """Return the people on foot and on bicycles."""
        found = []
        for person, course, phase in self._people:
            pace = abs(course.speed) * seconds / (0.55 if person.cyclist else 0.42)
            stride = min(0.34, 0.24 * abs(course.speed))
            place = self._place(course, seconds)
            found.append(PlacedPerson(*place, person, phase + pace, stride))
        return found

    def _place(self, course: _Course, seconds: float) -> tuple[np.ndarray, float]:
        """Return where something is (world x, y, z) and its heading."""
        s = course.start + course.speed * seconds
        if course.follows:
            s += self.camera_vehicle(seconds)[0]
        heading = self._street.heading(s) + (math.pi if course.speed < 0 else 0.0)
        return self._street.points((s, course.d)), heading

    def _place_vehicles(self, rng: np.random.Generator) -> list[tuple[Vehicle, _Course]]:
        street = self._street
        layout = street.layout
        found = []
        # Before and behind the camera vehicle, keeping their distance.
        for gap in (rng.uniform(14, 34), -rng.uniform(11, 26)):
            if rng.random() < 0.75:
                drift = rng.uniform(0.0, 0.35) if gap > 0 else 0.0
                course = _Course(gap, drift, street.lane(0), follows=True)
                found.append((Vehicle.random(rng), course))
        lanes = [(number, 1) for number in range(1, layout.lanes)]
        lanes += [(number, -1) for number in range(layout.lanes)]
        for number, way in lanes:
            speed = way * layout.speed * rng.uniform(0.85, 1.2)
            low = street.first - max(0.0, speed * self._seconds)
            high = street.last - min(0.0, speed * self._seconds)
            s = low + rng.uniform(0, 30)
            while s < high:
                d = street.lane(number) * way + rng.uniform(-0.2, 0.2)
                found.append((Vehicle.random(rng), _Course(s, speed, d)))
                s += 16 + rng.exponential(_GAP * layout.lanes)
        return found

    def _place_people(self, rng: np.random.Generator) -> list[tuple[Person, _Course, float]]:
        street = self._street
        layout = street.layout
        found = []
        span = (-BEHIND, street.last - AHEAD * 0.3)
        for side in (1, -1):
            count = rng.poisson(layout.people * (span[1] - span[0]) / 100)
            for _ in range(max(2, count)):
                d = side * rng.uniform(street.walk_start + 0.5, street.walk_end - 0.4)
                speed = float(rng.choice((-1, 1))) * rng.uniform(0.9, 1.6)
                course = _Course(rng.uniform(*span), speed, d)
                found.append((Person.random(rng, False), course, rng.uniform(0, 6)))
        edge = layout.lanes * LANE - 0.4
        for way in (1, -1):
            for _ in range(1 + rng.poisson(0.006 * (span[1] - span[0]))):
                speed = way * rng.uniform(3.2, 5.0)
                start = rng.uniform(8, street.last - AHEAD * 0.4)
                course = _Course(start, speed, street.side * way * edge)
                found.append((Person.random(rng, True), course, rng.uniform(0, 6)))
        return found
