"""People on foot and on bicycles: jointed figures that walk and pedal."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .camera import turn_matrix
from .config import VRU
from .painter import Painter
from .texture import palette

_SKINS = palette('118,142,178 90,112,150 62,78,108 52,60,82')
_CLOTHES = palette(
    '40,38,38 60,50,44 78,62,50 46,44,80 92,92,96 58,70,60 120,118,116 40,44,120 100,70,46 54,54,58'
)
_HAIR = palette('24,26,32 40,52,70 70,74,78')
_METAL, _RUBBER = palette('58,58,60 32,32,33')

_Joint = tuple[float, float]
"""x and z; legs and arms have a y of their own."""

_Point = tuple[float, float, float]
_Bar = tuple[_Point, _Point, tuple[float, float], np.ndarray]


@dataclass(frozen=True)
class Person:
    """
    A figure's size and clothes.

    :param size: 1 for an adult of 1.75 m
    :param cyclist: whether the person rides a bicycle
    """

    size: float
    coat: np.ndarray
    trousers: np.ndarray
    skin: np.ndarray
    hair: np.ndarray
    cyclist: bool

    @classmethod
    def random(cls, rng: np.random.Generator, cyclist: bool) -> Person:
        """Return a person drawn at random."""
        return cls(
            size=float(rng.uniform(0.86, 1.06)),
            coat=_CLOTHES[rng.integers(len(_CLOTHES))] * rng.uniform(0.7, 1.3),
            trousers=_CLOTHES[rng.integers(6)] * rng.uniform(0.6, 1.2),
            skin=_SKINS[rng.integers(len(_SKINS))],
            hair=_HAIR[rng.integers(len(_HAIR))],
            cyclist=cyclist,
        )


@dataclass(frozen=True)
class PlacedPerson:
    """
    A person at one moment.

    :param anchor: world x, y, z between the feet
    :param heading: in radians
    :param phase: of the step or the pedals, in radians
    :param stride: swing of the legs
    """

    anchor: np.ndarray
    heading: float
    person: Person
    phase: float
    stride: float

    def paint(self, painter: Painter) -> None:
        """Paint the person."""
        person, view = self.person, painter.view
        shift = view.to_camera(self.anchor)
        if shift[2] < 0.8:
            return
        bars = _cyclist(self) if person.cyclist else _walker(self)
        turn = view.rotation @ turn_matrix(self.heading) * person.size
        ends = np.array([bar[:2] for bar in bars]) @ turn.T + shift
        order = np.argsort(-ends[..., 2].sum(axis=1), kind='stable')
        widths = np.array([bar[2] for bar in bars]) * person.size
        colours = np.array([bar[3] for bar in bars])
        gain = 0.5 + 0.45 * painter.light.shade(np.array([0.0, 0.0, 1.0]))
        painter.limbs(ends[order], widths[order], gain * colours[order], VRU)


def _walker(placed: PlacedPerson) -> list[_Bar]:
    """Return the bars of a figure on foot: x forward, y left, z up, metres at size 1."""
    phase, stride = placed.phase, placed.stride
    bars: list[_Bar] = []
    for side in (1, -1):
        swing = side * stride * math.sin(phase)
        lift = max(0.0, side * math.cos(phase)) * 0.10 * min(1.0, stride * 3)
        leg = (0.0, 0.92), (0.5 * swing + 0.5 * lift, 0.5 + lift * 0.5), (swing, 0.09 + lift)
        arm = (0.0, 1.4), (-0.35 * swing - 0.03, 1.16), (-0.7 * swing + 0.06, 0.92)
        bars += _limbs(placed.person, side, leg, arm)
    return bars + _trunk(placed.person, (0.0, 0.92), (0.02, 1.34))


def _cyclist(placed: PlacedPerson) -> list[_Bar]:
    """Return the bars of a bicycle and its rider."""
    bars: list[_Bar] = []
    radius = 0.34
    rear, front, crank = (-0.52, 0.0, radius), (0.52, 0.0, radius), (-0.08, 0.0, 0.33)
    seat, head = (-0.25, 0.0, 0.92), (0.36, 0.0, 0.88)
    angle = np.linspace(0, 2 * np.pi, 13)
    for hub in (rear, front):
        rim = hub + radius * np.stack([np.cos(angle), 0 * angle, np.sin(angle)], 1)
        bars += [(*ends, (0.045, 0.045), _RUBBER) for ends in pairwise(rim)]
    tubes = (crank, seat), (crank, head), (seat, head), (seat, rear), (crank, rear), (head, front)
    handlebar = (0.34, -0.26, 1.0), (0.34, 0.26, 1.0)
    bars += [(start, end, (0.05, 0.05), _METAL) for start, end in (*tubes, handlebar)]
    for side in (1, -1):
        cosine, sine = side * math.cos(placed.phase), side * math.sin(placed.phase)
        foot = crank[0] + 0.17 * cosine, 0.37 + 0.17 * sine
        leg = (-0.2, 0.98), (0.16 + 0.08 * cosine, 0.72 + 0.11 * sine), foot
        bars += _limbs(placed.person, side, leg, ((0.12, 1.38), (0.22, 1.18), (0.36, 1.04)))
    return bars + _trunk(placed.person, (-0.2, 1.0), (0.12, 1.34))


def _limbs(person: Person, side: int, leg: tuple[_Joint, ...], arm: tuple[_Joint, ...]) -> list:
    """Return the bars of a leg and an arm, from the body outwards, on the left (1) or right."""
    hip, knee, foot = ((x, 0.09 * side, z) for x, z in leg)
    shoulder, elbow, hand = ((x, 0.23 * side, z) for x, z in arm)
    return [
        (hip, knee, (0.18, 0.14), person.trousers),
        (knee, foot, (0.14, 0.10), person.trousers * 0.92),
        (foot, (foot[0] + 0.14, foot[1], foot[2] - 0.04), (0.10, 0.08), _RUBBER),
        (shoulder, elbow, (0.13, 0.11), person.coat * 0.92),
        (elbow, hand, (0.11, 0.08), person.coat * 0.88),
    ]


def _trunk(person: Person, hips: _Joint, chest: _Joint) -> list[_Bar]:
    x, z = chest
    return [
        ((hips[0], 0.0, hips[1]), (x, 0.0, z), (0.33, 0.36), person.coat),
        ((x + 0.01, 0.0, z + 0.11), (x + 0.02, 0.0, z + 0.21), (0.12, 0.12), person.skin * 0.85),
        ((x + 0.03, 0.0, z + 0.24), (x + 0.04, 0.0, z + 0.31), (0.16, 0.17), person.skin),
        ((x - 0.02, 0.0, z + 0.29), (x + 0.01, 0.0, z + 0.34), (0.18, 0.17), person.hair),
    ]
