"""What the ground is made of: colours, grain and truth of each material."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .config import INFRASTRUCTURE, ROAD, SIDEWALK

(
    ASPHALT,
    DARK_PATCH,
    LIGHT_PATCH,
    CRACK,
    MANHOLE,
    WHITE_LINE,
    YELLOW_LINE,
    GUTTER,
    KERB,
    SLAB,
    SLAB_DARK,
    JOINT,
    GRASS,
    SOIL,
    PAVING,
) = range(15)


@dataclass(frozen=True)
class Material:
    """
    Describe a ground material.

    :param colour: BGR as a camera shows it under an even sky
    :param fine: strength of the noise from one texel to the next
    :param coarse: strength of the noise over metres
    """

    colour: tuple[float, float, float]
    fine: float
    coarse: float
    label: int


MATERIALS = (
    Material((116, 113, 111), 8.0, 7.0, ROAD),
    Material((96, 93, 92), 7.0, 5.0, ROAD),
    Material((130, 128, 126), 8.0, 5.0, ROAD),
    Material((66, 64, 63), 5.0, 5.0, ROAD),
    Material((78, 78, 80), 9.0, 0.0, ROAD),
    Material((196, 200, 202), 11.0, 16.0, ROAD),
    Material((92, 164, 186), 11.0, 14.0, ROAD),
    Material((78, 77, 77), 8.0, 10.0, ROAD),
    Material((158, 161, 162), 10.0, 8.0, SIDEWALK),
    Material((128, 131, 134), 7.0, 8.0, SIDEWALK),
    Material((119, 122, 125), 7.0, 8.0, SIDEWALK),
    Material((88, 90, 92), 6.0, 6.0, SIDEWALK),
    Material((58, 96, 86), 14.0, 13.0, INFRASTRUCTURE),
    Material((72, 88, 100), 12.0, 12.0, INFRASTRUCTURE),
    Material((110, 116, 122), 9.0, 8.0, INFRASTRUCTURE),
)

LABELS = np.array([material.label for material in MATERIALS], np.uint8)


def vary_colours(rng: np.random.Generator) -> np.ndarray:
    """
    Return float32 [materials, 3], BGR: the colours of one drive.

    Roads and sidewalks of different streets differ in brightness and warmth, and not always
    in the same sense; markings stay lighter than what they are painted on.
    """
    table = np.array([material.colour for material in MATERIALS], np.float32)
    road_gain = rng.uniform(0.80, 1.12)
    walk_gain = rng.uniform(0.84, 1.15)
    road_tint = 1.0 + rng.normal(0, 0.012, 3)
    walk_tint = 1.0 + np.array([-1.0, 0.0, 1.0]) * rng.uniform(-0.02, 0.08)
    table[ASPHALT : MANHOLE + 1] *= road_gain * road_tint
    table[GUTTER] *= road_gain * road_tint
    table[KERB : JOINT + 1] *= walk_gain * walk_tint
    table[WHITE_LINE] *= rng.uniform(0.85, 1.05)
    table[GRASS] *= rng.uniform(0.8, 1.1) * (1.0 + rng.normal(0, 0.05, 3))
    return table.clip(10, 235).astype(np.float32)
