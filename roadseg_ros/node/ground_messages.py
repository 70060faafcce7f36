"""Make messages of ground grids and road edges."""

from __future__ import annotations

import array

import numpy as np
from builtin_interfaces.msg import Time
from nav_msgs.msg import OccupancyGrid
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import Header

from roadseg_core.ground import GridSpec

_DATATYPES = {'<f4': PointField.FLOAT32, '|u1': PointField.UINT8}


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
