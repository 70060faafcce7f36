"""Run lengths for Autoware: read back as its decoder does, under its class ids."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from roadseg_core.labels import SEVEN, load_label_map
from roadseg_core.pipeline.run_lengths import AUTOWARE_CLASSES, autoware_ids, run_lengths

LABEL_MAPS = sorted((Path(__file__).parents[3] / 'config' / 'label_maps').glob('*.yaml'))
IMAGES = npst.arrays(
    np.uint8, npst.array_shapes(min_dims=2, max_dims=2, max_side=40), elements=st.integers(0, 3)
)


@given(IMAGES)
def test_runs_hold_every_pixel_in_its_order(image):
    values = []
    for value, length in struct.iter_unpack('<Bi', run_lengths(image)):
        assert length > 0
        values += [value] * length
    assert values == image.ravel().tolist()


@given(IMAGES)
def test_no_two_runs_could_be_one(image):
    values = [value for value, _ in struct.iter_unpack('<Bi', run_lengths(image[:, ::-1]))]
    assert all(before != after for before, after in zip(values, values[1:]))


@pytest.mark.parametrize('path', LABEL_MAPS, ids=lambda path: path.stem)
def test_road_is_road_and_what_is_not_known_is_unknown(path):
    label_map = load_label_map(path)
    ids = autoware_ids(label_map)
    for class_id in range(256):
        name = AUTOWARE_CLASSES[ids[class_id]]
        assert (name in ('ROAD', 'ROAD_PAINT')) == (class_id in label_map.road_ids)
        if class_id in label_map.void_ids or class_id >= len(label_map.names):
            assert name == 'UNKNOWN'


def test_the_ids_of_the_shipped_model():
    names = [AUTOWARE_CLASSES[i] for i in autoware_ids(SEVEN)[:7]]
    assert names == ['SKY', 'OBSTACLE', 'ROAD', 'SIDEWALK', 'VEHICLE', 'PERSON', 'UNKNOWN']
