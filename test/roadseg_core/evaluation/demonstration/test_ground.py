"""The demo's view from above: the grid that was published, and the ground that is there."""

from __future__ import annotations

import base64
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from roadseg_core.bags.cdr import header, image_cdr, message_types
from roadseg_core.bags.drive_bag import record_drive
from roadseg_core.bags.message_types import GRID_TYPE, RAW_TYPE
from roadseg_core.bags.writer import FIRST_STAMP_NS, BagWriter, image_topic
from roadseg_core.evaluation.demonstration.ground import (
    GRID,
    collect_ground,
    draw_ground,
    node_parameters,
)
from roadseg_core.evaluation.live.results import LiveDrive, LiveRun
from roadseg_core.ground import END, UNKNOWN, GridSpec, Pose
from roadseg_core.labels import SEVEN
from roadseg_core.rendering import Drive, demo_config
from roadseg_core.sources.opening import open_source

SPEC = GridSpec(length=12.0, width=8.0, resolution=0.1)


def test_ahead_is_up_and_left_is_left():
    cells = SPEC.empty()
    cells[60:, 90:] = 0  # on the left, ahead
    cells[:20, 90:] = END  # on the right, ahead
    picture = draw_ground(cells, np.zeros(SPEC.shape, bool), SPEC)
    assert picture.shape == (360, 240, 3)
    blue, green, red = picture[10, 5].astype(int)
    assert green > red and green > blue, 'road is green'
    blue, green, red = picture[10, 235].astype(int)
    assert red > green and red > blue, 'what ends the road is red'
    assert picture[350, 20].max() < 60, 'what is not known is dark'


def test_the_true_road_is_outlined_wherever_its_border_is():
    road = np.zeros(SPEC.shape, bool)
    road[40:, :] = True  # all that is left of the middle
    picture = draw_ground(SPEC.empty(), road, SPEC)
    white = (picture[5:100] == 255).all(axis=2)
    assert white[:, 117:123].any(axis=1).all()
    assert not white[:, 130:].any()


def test_the_node_is_told_where_the_cameras_are():
    drive = Drive(demo_config(1.0, 2.0, 48, 64))
    values = node_parameters(drive, drive.cameras)
    for camera in drive.cameras:
        pose = Pose(*yaml.safe_load(values[f'{camera}.pose']))
        mount = drive.camera(camera).mount
        assert (pose.x, pose.y, pose.z) == pytest.approx(mount[:3])
        right = pose.matrix[:2, 0]
        yaw = np.radians(mount.yaw)
        assert right == pytest.approx([np.sin(yaw), -np.cos(yaw)], abs=1e-6)
        assert 0.0 < float(values[f'{camera}.hood']) < 0.5


def grid_cdr(cells: np.ndarray, stamp_ns: int) -> bytes:
    types = message_types()
    of = {name.rpartition('/')[2]: types.types[name] for name in types.types}
    origin = of['Pose'](of['Point'](*GRID.origin, 0.0), of['Quaternion'](0.0, 0.0, 0.0, 1.0))
    rows, columns = cells.shape
    stamp = header(stamp_ns, 'base_link')
    info = of['MapMetaData'](stamp.stamp, GRID.resolution, columns, rows, origin)
    message = types.types[GRID_TYPE](header=stamp, info=info, data=cells.ravel())
    return bytes(types.serialize_cdr(message, GRID_TYPE))


def test_each_moment_has_the_cameras_of_its_stamp_and_the_ground_of_its_frame(tmp_path: Path):
    config = demo_config(1.0, 2.0, 48, 64)
    drive = Drive(config)
    record_drive(config, ('front', 'left'), tmp_path / 'drive', progress=lambda *_: None)
    stamps = [FIRST_STAMP_NS + drive.stamp_ns(index) for index in range(2)]
    with BagWriter(tmp_path / 'published') as bag:
        for index, stamp in enumerate(stamps):
            for camera in ('front', 'left'):
                labels = drive.render(camera, index).labels
                cdr = image_cdr(labels, encoding='mono8', stamp_ns=stamp, frame_id=camera)
                bag.write(f'/n/{camera}/label', RAW_TYPE, stamp, cdr)
            cells = np.full(GRID.shape, UNKNOWN, np.int8)
            bag.write('/n/road_grid', GRID_TYPE, stamp, grid_cdr(cells, stamp))
    played = LiveDrive(tmp_path / 'drive', tmp_path / 'published', label_map=SEVEN.to_dict())
    sources = {
        camera: open_source(tmp_path / 'drive', bag_topic=image_topic(camera))
        for camera in ('front', 'left')
    }
    moments = collect_ground(LiveRun('/n', (played,)), drive, sources, count=2)
    assert [moment.seconds for moment in moments] == [0.0, 0.5]
    for index, moment in enumerate(moments):
        assert [picture.caption for picture in moment.cameras] == ['front', 'left']
        data = base64.b64decode(moment.grid.uri().partition(',')[2])
        shown = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        truth = drive.ground_truth(index, GRID.centres()) == SEVEN.road_ids[0]
        expected = draw_ground(np.full(GRID.shape, UNKNOWN, np.int8), truth, GRID)
        expected = cv2.resize(expected, shown.shape[1::-1], interpolation=cv2.INTER_AREA)
        assert np.abs(shown.astype(int) - expected).mean() < 3.0
