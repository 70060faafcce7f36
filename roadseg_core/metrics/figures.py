"""Compute and format ratios that may be undefined."""

from __future__ import annotations

import math
from dataclasses import fields


def ratio(part: float, whole: float) -> float:
    """Return part / whole, NaN if there is nothing to divide by."""
    return float(part) / float(whole) if whole else math.nan


def plain(value: float) -> float | None:
    """Return a figure for JSON: rounded to five digits, None for NaN."""
    return None if math.isnan(value) else round(float(value), 5)


class Figures:
    """A dataclass of figures that are written as JSON."""

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON types, rounded; None for NaN."""
        return {field.name: _json(getattr(self, field.name)) for field in fields(self)}


def _json(value: object) -> object:
    if isinstance(value, dict):
        return {name: plain(number) for name, number in value.items()}
    if isinstance(value, tuple):
        return list(value)
    return plain(value) if isinstance(value, float) else value
