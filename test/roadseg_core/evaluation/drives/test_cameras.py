"""Cameras are found by the types and names of topics."""

from __future__ import annotations

import pytest

from roadseg_core.bags.records import BagError, Topic
from roadseg_core.evaluation.drives.cameras import find_cameras

RAW, COMPRESSED = 'sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'


def topics(*names: str, **others: str) -> dict[str, Topic]:
    found = {
        name: Topic(name, COMPRESSED if name.endswith('/compressed') else RAW) for name in names
    }
    return found | {name: Topic(name, kind) for name, kind in others.items()}


@pytest.mark.parametrize(
    ('names', 'expected'),
    [
        (('/camera/front/image_raw', '/camera/left/image_raw'), {'front', 'left'}),
        (('/image',), {'image'}),
        (('/sensing/camera/cam0/image_rect_color/compressed',), {'cam0'}),
        (('/a/front/image_raw', '/b/front/image_raw'), {'a_front', 'b_front'}),
        (
            ('/a/front/image_raw', '/b/image_raw', '/c/b/image', '/front'),
            {'a_front', 'b', 'c_b', 'front'},
        ),
        (
            ('/camera/front/image_raw', '/sensing/front/image_raw', '/left'),
            {'camera_front_image_raw', 'sensing_front_image_raw', 'left'},
        ),
        (('/a/b', '/a_b'), {'a_b', 'a_b_2'}),
        (('/camera/image_raw',), {'camera_image_raw'}),
        (('/cameras/0/image_raw',), {'camera_0'}),
    ],
)
def test_a_camera_is_named_by_what_tells_it_apart(names, expected) -> None:
    cameras, _ = find_cameras(topics(*names), {}, ())
    assert {camera.name for camera in cameras} == expected
    assert all(camera.name.isidentifier() for camera in cameras)


def test_labels_depth_truth_and_copies_are_no_cameras() -> None:
    cameras, notes = find_cameras(
        topics(
            '/camera/front/image_raw',
            '/camera/front/image_raw/compressed',
            '/segmentation/front/label',
            '/segmentation/front/road_mask',
            '/segmentation/front/overlay',
            '/camera/depth/image_raw',
            '/truth/front/ids',
            '/camera/left/image_raw/compressed',
        ),
        {},
        {'/truth/front/ids'},
    )
    assert [(camera.name, camera.topic, camera.type) for camera in cameras] == [
        ('front', '/camera/front/image_raw', RAW),
        ('left', '/camera/left/image_raw/compressed', COMPRESSED),
    ]
    assert any('is a copy of' in note for note in notes) and len(notes) == 5


def test_named_cameras_are_taken_as_they_are() -> None:
    cameras, _ = find_cameras(topics('/x/label', '/y'), {'b': '/x/label', 'a': '/y'}, ())
    assert [(camera.name, camera.topic) for camera in cameras] == [('a', '/y'), ('b', '/x/label')]
    with pytest.raises(BagError, match='no topic /z; the bag holds /x/label'):
        find_cameras(topics('/x/label'), {'a': '/z'}, ())
    with pytest.raises(BagError, match=r'of type std_msgs/msg/String; expected sensor_msgs'):
        find_cameras(topics(**{'/talk': 'std_msgs/msg/String'}), {'a': '/talk'}, ())


def test_a_bag_without_cameras_says_what_it_holds() -> None:
    with pytest.raises(BagError, match=r'it holds /talk \(std_msgs/msg/String\); name one by'):
        find_cameras(topics(**{'/talk': 'std_msgs/msg/String'}), {}, ())
