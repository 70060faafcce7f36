"""Label images in the run lengths, and under the class ids, that Autoware's fusion reads."""

from __future__ import annotations

from functools import cache

import numpy as np

from roadseg_core.labels import LabelMap

AUTOWARE_CLASSES = (
    *('UNKNOWN', 'BUILDING', 'WALL', 'OBSTACLE', 'TRAFFIC_LIGHT', 'TRAFFIC_SIGN', 'PERSON'),
    *('VEHICLE', 'BIKE', 'ROAD', 'SIDEWALK', 'ROAD_PAINT', 'CURBSTONE', 'CROSSWALK'),
    *('VEGETATION', 'SKY'),
)
"""Class names of ``autoware_image_projection_based_fusion``; the index is the id."""

_MEANT = {
    'BUILDING': ('building', 'construction', 'bridge', 'tunnel'),
    'WALL': ('wall', 'fence', 'guard rail', 'GuardRail'),
    # Poles and signs stand among buildings here: nothing of that may be filtered as a building.
    'OBSTACLE': ('infrastructure', 'object', 'pole', 'Pole', 'polegroup'),
    'TRAFFIC_LIGHT': ('traffic light', 'TrafficLight'),
    'TRAFFIC_SIGN': ('traffic sign', 'sign', 'TrafficSign'),
    'PERSON': ('person', 'human', 'pedestrian', 'vru', 'rider'),
    'VEHICLE': (
        *('vehicle', 'vehicles', 'car', 'Car', 'truck', 'Truck', 'Van', 'bus', 'caravan'),
        *('trailer', 'train', 'movable'),
    ),
    'BIKE': ('motorcycle', 'bicycle', 'bicyclist', 'cyclist'),
    'SIDEWALK': ('sidewalk', 'pavement'),
    'ROAD_PAINT': ('lane markings',),
    'VEGETATION': ('vegetation', 'nature', 'tree', 'Tree', 'Vegetation', 'terrain', 'Terrain'),
    'SKY': ('sky', 'Sky'),
}

_RUN = np.dtype([('value', 'u1'), ('length', '<i4')])
"""A run, without padding."""


@cache
def autoware_ids(label_map: LabelMap) -> np.ndarray:
    """Return uint8 [256]: the id in :data:`AUTOWARE_CLASSES` of each id of a label map."""
    of_name = {name: AUTOWARE_CLASSES.index(meant) for meant in _MEANT for name in _MEANT[meant]}
    ids = np.zeros(256, np.uint8)
    for class_id, name in enumerate(label_map.names):
        road = AUTOWARE_CLASSES.index('ROAD') if class_id in label_map.road_ids else 0
        ids[class_id] = of_name.get(name, road)
    return ids


def run_lengths(image: np.ndarray) -> bytes:
    """
    Return an image as runs of equal pixels, row by row, over the ends of rows.

    :param image: uint8 [H, W], at least one pixel
    :returns: for each run its value (one byte) and its length (int32, little-endian)
    """
    flat = np.ascontiguousarray(image).reshape(-1)
    starts = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1])
    runs = np.empty(len(starts), _RUN)
    runs['value'] = flat[starts]
    runs['length'] = np.diff(starts, append=flat.size)
    return runs.tobytes()
