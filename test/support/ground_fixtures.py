"""Cameras and poses that a vehicle may have, for hypothesis."""

from __future__ import annotations

import math

from hypothesis import strategies as st

from roadseg_core.ground import CameraModel, Pose


def _share(most: float) -> st.SearchStrategy[float]:
    return st.floats(-most, most)


@st.composite
def cameras(draw: st.DrawFn) -> CameraModel:
    """Draw a camera of one of the three models, of 30 to 110 degrees."""
    width, height = draw(st.integers(64, 200)), draw(st.integers(48, 140))
    kind = draw(st.sampled_from(('plumb_bob', 'rational_polynomial', 'equidistant')))
    field = math.radians(draw(st.floats(30, 110)))
    if kind == 'equidistant':
        focal = width / field
        d = [draw(_share(0.02)) for _ in range(4)]
    else:
        focal = width / 2 / math.tan(field / 2)
        d = [draw(_share(0.08)), draw(_share(0.02)), draw(_share(0.002)), draw(_share(0.002))]
        d += [draw(_share(0.005))]
        if kind == 'rational_polynomial':
            d += [draw(_share(0.05)), draw(_share(0.01)), draw(_share(0.002))]
    x, y = width / 2 + draw(_share(8)), height / 2 + draw(_share(8))
    return CameraModel.from_camera_info(
        width=width,
        height=height,
        distortion_model=kind,
        d=d,
        k=[focal, 0, x, 0, focal * draw(st.floats(0.9, 1.1)), y, 0, 0, 1],
    )


@st.composite
def poses(draw: st.DrawFn) -> Pose:
    """Draw a pose from which the ground is seen."""
    return Pose.mounted(
        draw(_share(3)),
        draw(_share(1.5)),
        draw(st.floats(0.4, 4)),
        yaw=draw(_share(math.pi)),
        down=draw(st.floats(0.1, 1.5)),
        lean=draw(_share(0.3)),
    )
