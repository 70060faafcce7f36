"""A rendered four-camera drive with exact truth, from numpy and OpenCV alone."""

from __future__ import annotations

from .camera import CAMERAS
from .config import DriveConfig, RenderedFrame
from .drive import Drive
from .layouts import LAYOUTS
from .splits import DEMO_LAYOUTS, DEMO_SEEDS, TRAINING_LAYOUTS, demo_config, training_configs

__all__ = [
    'CAMERAS',
    'DEMO_LAYOUTS',
    'DEMO_SEEDS',
    'Drive',
    'DriveConfig',
    'LAYOUTS',
    'RenderedFrame',
    'TRAINING_LAYOUTS',
    'demo_config',
    'training_configs',
]
