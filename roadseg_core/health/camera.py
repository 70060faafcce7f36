"""Judge a camera by its pictures and its outputs: usable, degraded or unusable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from roadseg_core.health.output import OutputHealth
from roadseg_core.health.picture import PictureHealth
from roadseg_core.health.settings import HealthSettings
from roadseg_core.labels import LabelMap

LEVELS = ('usable', 'degraded', 'unusable')

_DEGRADED = frozenset(
    {
        'out of focus',
        'partly blocked',
        'class shares unlike the past',
        'confidence unlike the past',
    }
)
"""Reasons that leave masks some use; the others leave none."""

_MOST_BLOCKED = 0.5
"""Share of blocked tiles above which a camera is unusable."""


@dataclass(frozen=True)
class Health:
    """
    Say how a camera is.

    :param level: one of :data:`LEVELS`
    :param reasons: why it is not usable; empty where it is
    :param trusted: share of the frame whose labels may be trusted, 0..1
    """

    level: str = 'usable'
    reasons: tuple[str, ...] = ()
    trusted: float = 1.0


class CameraHealth:
    """
    Follow one camera from frame to frame, in about 0.2 ms each; one thread at a time may use it.

    :param label_map: of the model
    :ivar settings: may be replaced at any time
    :ivar health: after the last frame
    """

    def __init__(self, label_map: LabelMap, settings: HealthSettings | None = None) -> None:
        self.settings = settings or HealthSettings()
        self.health = Health()
        self._picture = PictureHealth()
        self._output = OutputHealth(label_map)

    @property
    def values(self) -> dict[str, float]:
        """What the last frame was judged by."""
        return {**self._picture.values, **self._output.values}

    def look(
        self,
        image: np.ndarray,
        labels: np.ndarray | None,
        confidence: np.ndarray | None,
        now: float,
    ) -> Health:
        """
        Judge a frame.

        :param image: uint8 [H, W, 3], BGR, at the network's size, without padding
        :param labels: uint8 [H, W]; None where only the picture is judged
        :param confidence: uint8 [H, W]; None where the engine computes none
        :param now: when the frame came, in seconds, on a clock that never goes back
        """
        self._picture.look(image, now, self.settings)
        if labels is not None:
            self._output.look(labels, confidence, now, self.settings)
        findings = {**self._picture.findings, **self._output.findings}
        reasons = tuple(reason for reason, finding in findings.items() if finding.holds)
        blocked = self._picture.values['blocked'] if 'partly blocked' in reasons else 0.0
        if blocked > _MOST_BLOCKED or not _DEGRADED.issuperset(reasons):
            self.health = Health('unusable', reasons, 0.0)
        elif reasons:
            whole = reasons != ('partly blocked',)
            self.health = Health('degraded', reasons, 0.0 if whole else 1.0 - blocked)
        else:
            self.health = Health()
        return self.health
