"""People on foot and on bicycles: jointed figures that walk and pedal."""

from __future__ import annotations

import math
from dataclasses import dataclass

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
    :param stride: swing of the legs, 0 for somebody standing
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
        painter.limbs(ends[order], widths[order], colours[order], gain, VRU)


def _walker(placed: PlacedPerson) -> list[_Bar]:
    """Return the bars of a figure on foot: x forward, y left, z up, metres at size 1."""
    person, phase, stride = placed.person, placed.phase, placed.stride
    bars: list[_Bar] = []
    coat, trousers, skin = person.coat, person.trousers, person.skin
    for side in (1, -1):
        swing = side * stride * math.sin(phase)
        lift = max(0.0, side * math.cos(phase)) * 0.10 * min(1.0, stride * 3)
        knee = (0.5 * swing + 0.5 * lift, 0.09 * side, 0.5 + lift * 0.5)
        foot = (swing, 0.09 * side, 0.09 + lift)
        toe = (swing + 0.14, 0.09 * side, 0.05 + lift)
        elbow = (-0.35 * swing - 0.03, 0.24 * side, 1.16)
        hand = (-0.7 * swing + 0.06, 0.25 * side, 0.92)
        bars += [
            ((0.0, 0.08 * side, 0.92), knee, (0.18, 0.14), trousers),
            (knee, foot, (0.14, 0.10), trousers * 0.92),
            (foot, toe, (0.10, 0.08), _RUBBER),
            ((0.0, 0.2 * side, 1.4), elbow, (0.13, 0.11), coat * 0.92),
            (elbow, hand, (0.11, 0.08), coat * 0.88),
        ]
    return bars + [
        ((0.0, 0.0, 0.92), (0.02, 0.0, 1.23), (0.33, 0.38), coat),
        ((0.01, 0.0, 1.2), (0.02, 0.0, 1.35), (0.38, 0.34), coat * 1.06),
        ((0.03, 0.0, 1.45), (0.04, 0.0, 1.55), (0.12, 0.12), skin * 0.85),
        ((0.05, 0.0, 1.58), (0.06, 0.0, 1.65), (0.16, 0.17), skin),
        ((0.0, 0.0, 1.63), (0.03, 0.0, 1.68), (0.18, 0.17), person.hair),
    ]


def _cyclist(placed: PlacedPerson) -> list[_Bar]:
    person, phase = placed.person, placed.phase
    bars: list[_Bar] = []
    coat, trousers = person.coat, person.trousers
    radius = 0.34
    angle = np.linspace(0, 2 * np.pi, 13)
    for hub in (-0.52, 0.52):
        rim = np.stack(
            [hub + radius * np.cos(angle), 0 * angle, radius + radius * np.sin(angle)], 1
        )
        bars += [(tuple(a), tuple(b), (0.045, 0.045), _RUBBER) for a, b in zip(rim, rim[1:])]
    crank, seat, head = (-0.08, 0.0, 0.33), (-0.25, 0.0, 0.92), (0.36, 0.0, 0.88)
    rear, front = (-0.52, 0.0, radius), (0.52, 0.0, radius)
    tubes = (crank, seat), (crank, head), (seat, head), (seat, rear), (crank, rear), (head, front)
    handlebar = (0.34, -0.26, 1.0), (0.34, 0.26, 1.0)
    bars += [(start, end, (0.05, 0.05), _METAL) for start, end in (*tubes, handlebar)]
    for side in (1, -1):
        cosine, sine = side * math.cos(phase), side * math.sin(phase)
        foot = (crank[0] + 0.17 * cosine, 0.11 * side, 0.35 + 0.17 * sine)
        knee = (0.16 + 0.08 * cosine, 0.11 * side, 0.72 + 0.11 * sine)
        elbow = (0.22, 0.25 * side, 1.2)
        bars += [
            ((-0.2, 0.09 * side, 0.98), knee, (0.18, 0.14), trousers),
            (knee, foot, (0.13, 0.10), trousers * 0.92),
            ((0.12, 0.2 * side, 1.42), elbow, (0.12, 0.1), coat * 0.92),
            (elbow, (0.36, 0.24 * side, 1.04), (0.1, 0.07), coat * 0.88),
        ]
    return bars + [
        ((-0.2, 0.0, 1.0), (0.14, 0.0, 1.46), (0.32, 0.38), coat),
        ((0.2, 0.0, 1.56), (0.22, 0.0, 1.66), (0.17, 0.19), person.skin),
        ((0.16, 0.0, 1.68), (0.2, 0.0, 1.72), (0.2, 0.19), person.hair),
    ]
