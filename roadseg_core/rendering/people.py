"""People on foot and on bicycles: jointed figures that walk and pedal."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .config import VRU
from .painter import Painter

_SKINS = np.array([(118, 142, 178), (90, 112, 150), (62, 78, 108), (52, 60, 82)], float)
_CLOTHES = np.array(
    [
        (40, 38, 38),
        (60, 50, 44),
        (78, 62, 50),
        (46, 44, 80),
        (92, 92, 96),
        (58, 70, 60),
        (120, 118, 116),
        (40, 44, 120),
        (100, 70, 46),
        (54, 54, 58),
    ],
    float,
)
_HAIR = np.array([(24, 26, 32), (40, 52, 70), (70, 74, 78)], float)
_METAL = np.array([58.0, 58.0, 60.0])


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

    def paint(
        self, painter: Painter, place: np.ndarray, heading: float, phase: float, stride: float
    ) -> None:
        """
        Paint the person.

        :param place: world x, y, z between the feet
        :param heading: in radians
        :param phase: of the step or the pedals, in radians
        :param stride: swing of the legs, 0 for somebody standing
        """
        cosine, sine = math.cos(heading), math.sin(heading)
        turn = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]]) * self.size
        rotation = painter.view.rotation @ turn
        shift = painter.view.to_camera(place[None])[0]
        gain = 0.5 + 0.45 * painter.light.shade(np.array([0.0, 0.0, 1.0]))
        if shift[2] < 0.8:
            return
        bars = _cyclist(self, phase) if self.cyclist else _walker(self, phase, stride)
        ends = np.array([bar[:2] for bar in bars]) @ rotation.T + shift
        order = np.argsort(-ends[..., 2].sum(axis=1), kind='stable')
        widths = np.array([bar[2] for bar in bars]) * self.size
        colours = np.array([bar[3] for bar in bars])
        painter.limbs(ends[order], widths[order], colours[order], gain, VRU)


_Bar = tuple[
    tuple[float, float, float], tuple[float, float, float], tuple[float, float], np.ndarray
]


def _walker(person: Person, phase: float, stride: float) -> list[_Bar]:
    """Return the bars of somebody on foot: x forward, y left, z up, metres."""
    bars: list[_Bar] = []
    hip, neck = 0.92, 1.45
    for side in (1, -1):
        swing = side * stride * math.sin(phase)
        lift = max(0.0, side * math.cos(phase)) * 0.10 * min(1.0, stride * 3)
        knee = (0.5 * swing + 0.06 * lift * 8, 0.09 * side, 0.5 + lift * 0.5)
        foot = (swing, 0.09 * side, 0.09 + lift)
        bars.append(((0.0, 0.08 * side, hip), knee, (0.18, 0.14), person.trousers))
        bars.append((knee, foot, (0.14, 0.10), person.trousers * 0.92))
        bars.append(
            (foot, (foot[0] + 0.14, foot[1], 0.05 + lift), (0.10, 0.08), np.array([30.0, 30, 32]))
        )
        elbow = (-0.35 * swing - 0.03, 0.24 * side, 1.16)
        hand = (-0.7 * swing + 0.06, 0.25 * side, 0.92)
        bars.append(((0.0, 0.2 * side, neck - 0.05), elbow, (0.13, 0.11), person.coat * 0.92))
        bars.append((elbow, hand, (0.11, 0.08), person.coat * 0.88))
    bars.append(((0.0, 0.0, hip), (0.02, 0.0, neck - 0.22), (0.33, 0.38), person.coat))
    bars.append(
        ((0.01, 0.0, neck - 0.25), (0.02, 0.0, neck - 0.1), (0.38, 0.34), person.coat * 1.06)
    )
    bars.append(((0.03, 0.0, neck), (0.04, 0.0, neck + 0.1), (0.12, 0.12), person.skin * 0.85))
    bars.append(((0.05, 0.0, 1.58), (0.06, 0.0, 1.65), (0.16, 0.17), person.skin))
    bars.append(((0.0, 0.0, 1.63), (0.03, 0.0, 1.68), (0.18, 0.17), person.hair))
    return bars


def _cyclist(person: Person, phase: float) -> list[_Bar]:
    """Return the bars of somebody on a bicycle."""
    bars: list[_Bar] = []
    rubber = np.array([32.0, 32, 33])
    radius = 0.34
    for hub in (-0.52, 0.52):
        angle = np.linspace(0, 2 * np.pi, 13)
        rim = [(hub + radius * math.cos(a), 0.0, radius + radius * math.sin(a)) for a in angle]
        bars.extend((rim[i], rim[i + 1], (0.045, 0.045), rubber) for i in range(12))
    crank, seat, head = (-0.08, 0.0, 0.33), (-0.25, 0.0, 0.92), (0.36, 0.0, 0.88)
    for start, end in (
        (crank, seat),
        (crank, head),
        ((-0.22, 0, 0.8), head),
        (seat, (-0.52, 0, radius)),
        (crank, (-0.52, 0, radius)),
        ((0.34, 0, 0.98), (0.52, 0, radius)),
    ):
        bars.append((start, end, (0.05, 0.05), _METAL))
    bars.append(((0.34, -0.26, 1.0), (0.34, 0.26, 1.0), (0.04, 0.04), _METAL))
    shoulder = (0.14, 0.0, 1.46)
    for side in (1, -1):
        turn = phase + (0 if side > 0 else math.pi)
        foot = (crank[0] + 0.17 * math.cos(turn), 0.11 * side, 0.35 + 0.17 * math.sin(turn))
        knee = (0.16 + 0.08 * math.cos(turn), 0.11 * side, 0.72 + 0.11 * math.sin(turn))
        bars.append(((-0.2, 0.09 * side, 0.98), knee, (0.18, 0.14), person.trousers))
        bars.append((knee, foot, (0.13, 0.10), person.trousers * 0.92))
        elbow = (0.22, 0.25 * side, 1.2)
        bars.append(((0.12, 0.2 * side, 1.42), elbow, (0.12, 0.1), person.coat * 0.92))
        bars.append((elbow, (0.36, 0.24 * side, 1.04), (0.1, 0.07), person.coat * 0.88))
    bars.append(((-0.2, 0.0, 1.0), shoulder, (0.32, 0.38), person.coat))
    bars.append(((0.2, 0.0, 1.56), (0.22, 0.0, 1.66), (0.17, 0.19), person.skin))
    bars.append(((0.16, 0.0, 1.68), (0.2, 0.0, 1.72), (0.2, 0.19), person.hair))
    return bars
