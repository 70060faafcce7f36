"""Compute and format ratios that may be undefined."""

from __future__ import annotations

import math


def ratio(part: float, whole: float) -> float:
    """Return part / whole, NaN if there is nothing to divide by."""
    return float(part) / float(whole) if whole else math.nan


def plain(value: float) -> float | None:
    """Return a figure for JSON: rounded to five digits, None for NaN."""
    return None if math.isnan(value) else round(float(value), 5)
