"""Thresholds of camera health, with defaults that were chosen on recordings."""

from __future__ import annotations

from dataclasses import dataclass, field


def _threshold(default: float, most: float, about: str) -> float:
    return field(default=default, metadata={'most': most, 'about': about})


@dataclass(frozen=True)
class HealthSettings:
    """
    Say from when a camera is not healthy; 0 turns a check off.

    Each field's metadata says what it is about and its largest value. docs/reliability.md says on
    which recordings the defaults were chosen, and what they find on others.
    """

    frozen_after: float = _threshold(
        0.5, 3600.0, 'A camera is frozen that repeats one picture for so long, in seconds.'
    )
    black_level: float = _threshold(
        16.0,
        255.0,
        'A picture is black that is darker on average, and nowhere brighter than twice.',
    )
    overexposed_share: float = _threshold(
        0.6, 1.0, 'A picture is over-exposed of which a larger share is white.'
    )
    covered_detail: float = _threshold(
        0.8, 255.0, 'A lens is covered whose picture has less detail, in grey levels.'
    )
    focus_ratio: float = _threshold(
        0.6, 1.0, 'A camera is out of focus whose fine detail falls to less of what it was.'
    )
    blocked_share: float = _threshold(
        0.14, 1.0, 'A camera is partly blocked of which a larger share stands still and even.'
    )
    shares_change: float = _threshold(
        0.4, 1.0, 'Shares of the classes that moved by more in a second are unlike the past.'
    )
    confidence_drop: float = _threshold(
        0.1, 1.0, 'A mean confidence that fell by more is unlike the past.'
    )
