"""Make messages of ground grids and road edges, and read CameraInfo for them."""

from __future__ import annotations

import array
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from nav_msgs.msg import OccupancyGrid
from sensor_msgs.msg import CameraInfo, PointCloud2, PointField
from std_msgs.msg import Header

from roadseg_core.ground import GridSpec

_DATATYPES = {'<f4': PointField.FLOAT32, '|u1': PointField.UINT8}


def camera_info_values(info: CameraInfo) -> dict[str, Any]:
    """Return a CameraInfo as :meth:`roadseg_core.ground.CameraModel.from_camera_info` takes it."""
    roi = info.roi
    return {
        'width': info.width,
        'height': info.height,
        'distortion_model': info.distortion_model,
        'd': tuple(info.d),
        'k': tuple(info.k),
        'p': tuple(info.p),
        'binning': (info.binning_x, info.binning_y),
        'roi': (roi.x_offset, roi.y_offset, roi.width, roi.height),
    }


def occupancy_grid(cells: np.ndarray, spec: GridSpec, stamp: Time, frame: str) -> OccupancyGrid:
    """
    Make a message of a grid.

    :param cells: int8 [rows, columns]
    :param frame: that the grid lies in
    """
    message = OccupancyGrid(header=Header(stamp=stamp, frame_id=frame))
    message.info.map_load_time = stamp
    message.info.resolution = spec.resolution
    message.info.height, message.info.width = spec.shape
    message.info.origin.position.x, message.info.origin.position.y = spec.origin
    message.info.origin.orientation.w = 1.0
    message.data = array.array('b', cells.tobytes())
    return message


def edge_cloud(edge: np.ndarray, stamp: Time, frame: str) -> PointCloud2:
    """
    Make a message of the points where rays end.

    :param edge: [N] of :data:`roadseg_core.ground.EDGE`
    :param frame: that the points lie in
    """
    fields = [
        PointField(name=name, offset=offset, datatype=_DATATYPES[kind.str], count=1)
        for name, (kind, offset) in edge.dtype.fields.items()
    ]
    size = edge.dtype.itemsize
    message = PointCloud2(
        header=Header(stamp=stamp, frame_id=frame),
        height=1,
        width=len(edge),
        fields=fields,
        point_step=size,
        row_step=size * len(edge),
        is_dense=True,
    )
    message.data = array.array('B', edge.tobytes())
    return message
