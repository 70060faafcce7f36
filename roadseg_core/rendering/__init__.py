"""A rendered four-camera drive with exact truth, from numpy and OpenCV alone."""

from __future__ import annotations

from .camera import CAMERAS, Intrinsics, View
from .config import DriveConfig, RenderedFrame
from .drive import Drive
from .layouts import LAYOUTS, Layout
from .splits import (
    DEMO_LAYOUTS,
    DEMO_SEEDS,
    TRAINING_LAYOUTS,
    demo_config,
    is_reserved,
    training_configs,
)

__all__ = [
    'CAMERAS',
    'DEMO_LAYOUTS',
    'DEMO_SEEDS',
    'Drive',
    'DriveConfig',
    'Intrinsics',
    'LAYOUTS',
    'Layout',
    'RenderedFrame',
    'TRAINING_LAYOUTS',
    'View',
    'demo_config',
    'is_reserved',
    'training_configs',
]
