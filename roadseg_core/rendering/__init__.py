"""A rendered four-camera drive with exact truth, from numpy and OpenCV alone."""

from __future__ import annotations

from .camera import CAMERAS
from .config import DriveConfig, RenderedFrame, demo_config
from .drive import Drive
from .layouts import LAYOUTS

__all__ = ['CAMERAS', 'Drive', 'DriveConfig', 'LAYOUTS', 'RenderedFrame', 'demo_config']
