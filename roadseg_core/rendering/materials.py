"""Define the materials of the ground: colour, grain and truth of each."""

from __future__ import annotations

import numpy as np

from .config import INFRASTRUCTURE, ROAD, SIDEWALK

ASPHALT, PATCH, CRACK, MANHOLE, WHITE_LINE, YELLOW_LINE, GUTTER = range(7)
KERB, SLAB, SLAB_DARK, JOINT, GRASS, PAVING = range(7, 13)

_TABLE = np.array(
    [
        (116, 113, 111, 8, 7),
        (96, 93, 92, 7, 5),
        (66, 64, 63, 5, 5),
        (78, 78, 80, 9, 0),
        (196, 200, 202, 11, 16),
        (92, 164, 186, 11, 14),
        (78, 77, 77, 8, 10),
        (158, 161, 162, 10, 8),
        (128, 131, 134, 7, 8),
        (119, 122, 125, 7, 8),
        (88, 90, 92, 6, 6),
        (58, 96, 86, 14, 13),
        (110, 116, 122, 9, 8),
    ],
    np.float32,
)
GRAIN = _TABLE[:, 3:]
"""Strength of each material's noise from one texel to the next, and over metres."""

LABELS = np.array([ROAD] * KERB + [SIDEWALK] * 4 + [INFRASTRUCTURE] * 2, np.uint8)


def vary_colours(rng: np.random.Generator) -> np.ndarray:
    """
    Return float32 [materials, 3], BGR under an even sky: the colours of one drive.

    Roads and sidewalks of different streets differ in brightness and warmth, and not always
    in the same sense; markings stay lighter than what they are painted on.
    """
    table = _TABLE[:, :3].copy()
    road_gain, walk_gain = rng.uniform(0.80, 1.12), rng.uniform(0.84, 1.15)
    road_gain *= 1.0 + rng.normal(0, 0.012, 3)
    table[[*range(MANHOLE + 1), GUTTER]] *= road_gain
    table[KERB : JOINT + 1] *= walk_gain * (1.0 + np.array([-1, 0, 1]) * rng.uniform(-0.02, 0.08))
    table[WHITE_LINE] *= rng.uniform(0.85, 1.05)
    table[GRASS] *= rng.uniform(0.8, 1.1) * (1.0 + rng.normal(0, 0.05, 3))
    return table.clip(10, 235)
