"""Ground grids over DDS: they say what the labels say, and leave out cameras with a problem."""

from __future__ import annotations

import struct

import node_process as helpers
import numpy as np
import pytest
from nav_msgs.msg import OccupancyGrid
from node_process import publish_until
from sensor_msgs.msg import CameraInfo, Image, PointCloud2

from roadseg_core.files import default_model
from roadseg_core.ground import EDGE, CameraGrid, CameraModel, GridSpec, Pose
from roadseg_core.labels import SEVEN
from roadseg_core.model_file import read_model_info
from roadseg_core.pipeline.run_lengths import autoware_ids
from roadseg_core.rendering import Drive, demo_config

SIZE = 120, 160
POSE = (0.6, 0.0, 1.5, -1.6, 0.02, -1.5)
SPEC = GridSpec(30.0, 20.0, 0.2, 5.0, 0.0)
GRID = {
    'grid_length': '30.0',
    'grid_width': '20.0',
    'grid_resolution': '0.2',
    'grid_x': '5.0',
    'base_frame': 'car',
}
K = [110.0, 0.0, 79.5, 0.0, 110.0, 59.5, 0.0, 0.0, 1.0]


def pose(*values: float) -> str:
    return f'[{",".join(f"{value:.4f}" for value in values)}]'


class Camera:
    """Send a street and its CameraInfo; of another clock by ``ahead`` seconds."""

    street = Drive(demo_config(1.0, 10.0, *SIZE)).render('front', 0).image.tobytes()

    def __init__(self, bench, name, *, k=K, ahead=0):
        self._image = bench.node.create_publisher(
            Image, f'/camera/{name}/image_raw', helpers.BEST_EFFORT
        )
        self._info = bench.node.create_publisher(CameraInfo, f'/camera/{name}/camera_info', 10)
        self._clock, self._ahead = bench.node.get_clock(), ahead
        self.more_nanoseconds = 0
        self.info = CameraInfo(height=SIZE[0], width=SIZE[1], k=k, distortion_model='plumb_bob')
        self.info.d = [-0.05, 0.01, 0.0, 0.0, 0.0]

    def publish(self, message):
        message.data = self.street
        message.header.stamp = self._clock.now().to_msg()
        message.header.stamp.sec += self._ahead
        message.header.stamp.nanosec += self.more_nanoseconds
        self._info.publish(self.info)
        self._image.publish(message)


def cells(message: OccupancyGrid) -> np.ndarray:
    return np.array(message.data, np.int8).reshape(message.info.height, message.info.width)


def by_stamp(messages: list) -> dict[tuple[int, int], object]:
    return {(m.header.stamp.sec, m.header.stamp.nanosec): m for m in messages}


def graded(message: OccupancyGrid) -> bool:
    """Tell whether road is surer here than there: the engine computes its probability."""
    found = cells(message)
    return bool(((found > 0) & (found < 50)).any())


def kinds(grid: np.ndarray) -> np.ndarray:
    """Tell road, end and unknown apart, however sure the road is."""
    return np.where((grid >= 0) & (grid < 50), 0, grid)


def test_grids_edges_and_run_lengths_say_what_the_labels_say(start):
    bench, node = start(
        camera_names='[front,left]',
        output_geometry='network',
        label_rle='true',
        grid_road_threshold='0.0',
        front__pose=pose(*POSE),
        left__pose=pose(*POSE[:5], -0.5),
        **GRID,
    )
    cameras = [Camera(bench, 'front'), Camera(bench, 'left')]
    labels = bench.listen('/segmentation/front/label')
    bench.wait_ready()
    publish_until(bench, cameras, lambda: labels, 'labels')
    assert bench.diagnostics[-1]['engine']['projecting_seconds'] == '0.000'
    fused = bench.listen('/segmentation/road_grid', OccupancyGrid)
    grids = bench.listen('/segmentation/front/road_grid', OccupancyGrid)
    lefts = bench.listen('/segmentation/left/road_grid', OccupancyGrid)
    edges = bench.listen('/segmentation/front/road_edge', PointCloud2)
    runs = bench.listen('/segmentation/front/label_rle')
    publish_until(
        bench,
        cameras,
        lambda: (
            min(map(len, (fused, grids, lefts, edges, runs))) > 3
            and graded(grids[-1])
            and graded(lefts[-1])
        ),
        'grids with probabilities, edges and run lengths',
    )
    before = len(fused)
    publish_until(bench, cameras, lambda: len(fused) > before + 3, 'more of them')
    for grid in (fused[-1], grids[-1]):
        assert (grid.info.width, grid.info.height) == (150, 100)
        assert grid.info.resolution == pytest.approx(0.2)
        assert (grid.info.origin.position.x, grid.info.origin.position.y) == (-10.0, -10.0)
        assert grid.info.origin.orientation.w == 1.0 and grid.header.frame_id == 'car'

    model = read_model_info(default_model())
    camera = CameraModel.from_camera_info(
        width=160, height=120, distortion_model='plumb_bob', k=K, d=list(cameras[0].info.d)
    ).viewed(model.geometry.view(SIZE))
    maps = CameraGrid(camera, Pose(*(float(f'{v:.4f}') for v in POSE)), SPEC, SEVEN)
    seen = by_stamp(labels)
    stamp, grid = next((s, g) for s, g in reversed(by_stamp(grids).items()) if s in seen)
    label = np.array(seen[stamp].data, np.uint8).reshape(camera.height, camera.width)
    expected = maps.project(label)
    np.testing.assert_array_equal(kinds(cells(grid)), kinds(expected.cells))
    assert {-1, 0, 100} == set(np.unique(kinds(cells(grid))))

    cloud = by_stamp(edges)[stamp]
    assert [(f.name, f.offset) for f in cloud.fields] == [
        (name, EDGE.fields[name][1]) for name in EDGE.names
    ]
    points = np.frombuffer(bytes(cloud.data), EDGE)
    assert cloud.width == len(points) and cloud.header.frame_id == 'car'
    for name in ('x', 'y', 'z', 'label'):
        np.testing.assert_array_equal(points[name], expected.edge[name])
    assert ((points['confidence'] >= 0) & (points['confidence'] <= 1)).all()

    message = by_stamp(runs)[stamp]
    values = [(v, n) for v, n in struct.iter_unpack('<Bi', bytes(message.data))]
    decoded = np.repeat(*map(np.array, zip(*values))).reshape(message.height, message.width)
    np.testing.assert_array_equal(decoded, autoware_ids(SEVEN)[label])
    assert 'ids of label_rle: sky 15 SKY, infrastructure 3 OBSTACLE, road 9 ROAD' in node.text()

    # The street stands still.
    np.testing.assert_array_equal(cells(fused[-1]), np.maximum(cells(grids[-1]), cells(lefts[-1])))
    assert list(by_stamp(fused))[-1] in by_stamp(grids) | by_stamp(lefts)
    publish_until(
        bench,
        cameras[:1],
        lambda: 'its newest frame is' in bench.camera('left')['message'],
        'a word about the camera that stopped',
    )
    np.testing.assert_array_equal(cells(fused[-1]), cells(grids[-1]))
    bench.until(
        lambda: 'its newest frame is' in bench.camera('front')['road_grid_problem'],
        what='a word about the last camera',
    )


def test_what_keeps_a_camera_out_is_said_and_costs_no_labels(start):
    bench, _ = start(
        camera_names='[front,left,right,rear]',
        front__pose=pose(*POSE),
        left__pose=pose(*POSE),
        right__pose=pose(0.0, 0.0, -1.5, *POSE[3:]),
        **GRID,
    )
    fused = bench.listen('/segmentation/road_grid', OccupancyGrid)
    labels = [bench.listen(f'/segmentation/{c}/label') for c in ('front', 'left', 'right', 'rear')]
    front, left = Camera(bench, 'front'), Camera(bench, 'left', k=[0.0] * 9)
    cameras = [front, left, Camera(bench, 'right'), Camera(bench, 'rear')]

    def said(camera: str) -> str:
        values = bench.camera(camera)
        return f'{ord(values["level"])} {values["message"]} {values["road_grid_problem"]}'

    bench.wait_ready()
    publish_until(
        bench,
        cameras,
        lambda: (
            fused
            and '1 ' in said('left')
            and 'not calibrated' in said('left')
            and 'not over the ground' in said('right')
            and 'tf' in said('rear')
            and not bench.camera('front')['road_grid_problem']
        ),
        'what is wrong with three cameras',
    )
    counts = [len(messages) for messages in labels]
    left.info.k = K
    publish_until(
        bench,
        cameras,
        lambda: (
            'ahead of the other cameras' in said('left')
            and all(len(m) > n + 3 for m, n in zip(labels, counts))
        ),
        'a camera of another time',
        make=lambda i: ahead(left, helpers.frame(i)),
    )
    front.more_nanoseconds = 3 * 10**9
    count = len(labels[0])
    publish_until(
        bench,
        cameras,
        lambda: 'expected less than a second' in said('front') and len(labels[0]) > count + 3,
        'a stamp that is none',
    )


def ahead(camera: Camera, message: Image) -> Image:
    camera._ahead = 100
    return message
