"""Thresholds of camera health, with defaults that were chosen on recordings."""

from __future__ import annotations

from dataclasses import dataclass, field


def _threshold(default: float, most: float, about: str) -> float:
    return field(default=default, metadata={'most': most, 'about': about})


@dataclass(frozen=True)
class HealthSettings:
    """
    Hold the thresholds beyond which a camera is not healthy; 0 turns a check off.

    Each field's metadata says what it is about and its largest value. docs/reliability.md says on
    which recordings the defaults were chosen, and what they find on others.
    """

    frozen_after: float = _threshold(
        0.5, 3600.0, 'A camera is frozen if it repeats one picture for this long, in seconds.'
    )
    black_level: float = _threshold(
        16.0,
        255.0,
        'A picture is black if its mean is below this, and hardly a pixel above twice.',
    )
    overexposed_share: float = _threshold(
        0.6, 1.0, 'A picture is over-exposed if a larger share of it is white.'
    )
    covered_detail: float = _threshold(
        0.8, 255.0, 'A lens is covered if its picture has less detail than this, in grey levels.'
    )
    focus_ratio: float = _threshold(
        0.6, 1.0, 'A camera is out of focus if its fine detail falls below this share of the usual.'
    )
    blocked_share: float = _threshold(
        0.14, 1.0, 'A camera is partly blocked if a larger share of its picture is blocked.'
    )
    shares_change: float = _threshold(
        0.4, 1.0, 'Class shares are unlike the past if more than this changed within a second.'
    )
    confidence_drop: float = _threshold(
        0.1, 1.0, 'The mean confidence is unlike the past if it fell by more than this.'
    )
