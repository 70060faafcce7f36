"""The health of a camera, judged by its pictures and by what the network makes of them."""

from __future__ import annotations

from roadseg_core.health.camera import CameraHealth, Health
from roadseg_core.health.settings import HealthSettings

__all__ = ['CameraHealth', 'Health', 'HealthSettings']
