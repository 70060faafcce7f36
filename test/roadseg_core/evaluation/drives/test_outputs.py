"""What an evaluation leaves: annotated bags, videos and the page."""

from __future__ import annotations

import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest
from evaluation_configs import configured
from rosbags.highlevel import AnyReader
from rosbags.rosbag2 import StoragePlugin, Writer
from street_fixtures import street

from roadseg_core.bags.cdr import image_cdr, message_types
from roadseg_core.bags.message_types import RAW_TYPE
from roadseg_core.bags.reader import BagReader
from roadseg_core.bags.records import Topic
from roadseg_core.evaluation.drives.annotated import is_latched
from roadseg_core.evaluation.drives.videos import frame_rate
from roadseg_core.evaluation.run import evaluate_bags
from roadseg_core.evaluation.settings.sections import TruthChoice

FIRST_STAMP_NS = 1_700_000_000_000_000_000
OUTPUTS = ('label', 'road_mask', 'overlay')


@pytest.fixture
def evaluated(tmp_path: Path, exact_model: str) -> Callable[..., Path]:
    """Return a function that evaluates bags, and returns the output folder."""

    def run(*bags: Path, **settings: object) -> Path:
        evaluate_bags(configured(bags=bags, output=tmp_path / 'out', model=exact_model, **settings))
        return tmp_path / 'out'

    return run


@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
def test_an_annotated_bag_holds_the_originals_and_the_outputs(
    street_bag, evaluated, storage: str
) -> None:
    original = street_bag('drive', frames=6, cameras=('front', 'left'))
    annotated = evaluated(original, annotated=storage, every=2) / 'annotated'
    with BagReader(original) as before, BagReader(annotated) as after:
        assert not after.losses and not after.notes
        assert [(m.topic, m.time_ns, bytes(m.data)) for m in after.messages(before.topics)] == [
            (m.topic, m.time_ns, bytes(m.data)) for m in before.messages()
        ]
        assert {name: topic.type for name, topic in before.topics.items()}.items() <= {
            name: topic.type for name, topic in after.topics.items()
        }.items()
        assert set(after.topics) - set(before.topics) == {
            f'/segmentation/{camera}/{output}/compressed'
            for camera in ('front', 'left')
            for output in OUTPUTS
        }
        assert after.counts['/segmentation/left/overlay/compressed'] == 3
    # Another reader understands it too, and the exact model's labels are the truth.
    with AnyReader([annotated]) as reader:
        images = {}
        for connection, time_ns, data in reader.messages():
            message = reader.deserialize(data, connection.msgtype)
            stamp = message.header.stamp
            assert stamp.sec * 10**9 + stamp.nanosec == time_ns
            images[connection.topic, time_ns] = message
    time_ns = FIRST_STAMP_NS + 200_000_000
    truth = images['/truth/left/label', time_ns].data.reshape(80, 120)

    def decoded(output: str) -> np.ndarray:
        message = images[f'/segmentation/left/{output}/compressed', time_ns]
        assert message.header.frame_id == 'lens'
        assert message.format == ('jpeg' if output == 'overlay' else 'png')
        return cv2.imdecode(message.data, cv2.IMREAD_UNCHANGED)

    np.testing.assert_array_equal(decoded('label'), truth)
    np.testing.assert_array_equal(decoded('road_mask'), truth * 255)
    assert decoded('overlay').shape == (80, 120, 3)


def test_an_annotated_bag_is_read_again_and_its_labels_are_truth(
    street_bag, exact_model, tmp_path
) -> None:
    first = configured(
        bags=(street_bag('drive', frames=4),),
        output=tmp_path / 'first',
        model=exact_model,
        annotated='mcap',
    )
    evaluate_bags(first)
    report = evaluate_bags(
        configured(
            bags=(tmp_path / 'first' / 'annotated',),
            output=tmp_path / 'second',
            model=exact_model,
            truth=TruthChoice(topics={'*': '/segmentation/{camera}/label/compressed'}),
        )
    )
    assert [list(bag['cameras']) for bag in report['bags']] == [['front']]
    assert report['frames']['scored'] == 4 and report['exit_code'] == 0
    rows = (tmp_path / 'second' / 'frames.jsonl').read_text(encoding='utf-8').splitlines()
    assert [json.loads(row)['miou'] for row in rows] == [1.0] * 4


def test_outputs_of_a_node_in_the_bag_are_kept_beside_ours(evaluated, tmp_path) -> None:
    image = np.full((80, 120, 3), 90, np.uint8)
    with Writer(tmp_path / 'bag', version=8, storage_plugin=StoragePlugin.MCAP) as bag:
        for topic, encoding, array in (
            ('/camera/front/image_raw', 'bgr8', image),
            ('/segmentation/front/label/compressed', 'mono8', image[..., 0]),
        ):
            bag.write(
                bag.add_connection(topic, RAW_TYPE, typestore=message_types()),
                FIRST_STAMP_NS,
                image_cdr(array, encoding=encoding, frame_id='', stamp_ns=FIRST_STAMP_NS),
            )
    with BagReader(evaluated(tmp_path / 'bag', annotated='mcap') / 'annotated') as after:
        assert {
            '/segmentation/front/label/compressed',
            '/evaluation/segmentation/front/label/compressed',
            '/segmentation/front/overlay/compressed',
        } <= set(after.topics)


def test_what_is_latched_before_the_range_stands_at_its_beginning(evaluated, tmp_path) -> None:
    image = np.full((80, 120, 3), 90, np.uint8)
    with Writer(tmp_path / 'bag', version=8, storage_plugin=StoragePlugin.MCAP) as bag:
        types = message_types()
        fixed, moving = (
            bag.add_connection(topic, 'tf2_msgs/msg/TFMessage', typestore=types)
            for topic in ('/tf_static', '/tf')
        )
        camera = bag.add_connection('/camera/front/image_raw', RAW_TYPE, typestore=types)
        for connection in (fixed, moving):
            bag.write(connection, FIRST_STAMP_NS, bytes((0, 1, 0, 0, 0, 0, 0, 0)))
        for number in range(4):
            stamp_ns = FIRST_STAMP_NS + number * 500_000_000
            bag.write(
                camera, stamp_ns, image_cdr(image, encoding='bgr8', frame_id='', stamp_ns=stamp_ns)
            )
    with BagReader(
        evaluated(tmp_path / 'bag', annotated='mcap', start_seconds=1.0) / 'annotated'
    ) as after:
        found = [
            (message.topic, message.time_ns - FIRST_STAMP_NS)
            for message in after.messages(['/tf', '/tf_static', '/camera/front/image_raw'])
        ]
    assert found == [
        ('/tf_static', 10**9),
        ('/camera/front/image_raw', 10**9),
        ('/camera/front/image_raw', 1_500_000_000),
    ]


@pytest.mark.parametrize(
    ('name', 'durability', 'latched'),
    [
        ('/map', '1', True),
        ('/map', 'transient_local', True),
        ('/tf', '2', False),
        ('/tf_static', '', True),
        ('/map', '', False),
    ],
)
def test_what_is_latched_is_in_the_qos(name: str, durability: str, latched: bool) -> None:
    times = ''.join(
        f', {key}: {{sec: 0, nsec: 0}}'
        for key in ('deadline', 'lifespan', 'liveliness_lease_duration')
    )
    qos = durability and (
        f'- {{history: 1, depth: 1, reliability: 1, durability: {durability}, liveliness: 1, '
        f'avoid_ros_namespace_conventions: false{times}}}'
    )
    assert is_latched(Topic(name, RAW_TYPE, qos=qos)) == latched


def test_a_video_of_each_camera_at_its_rate(street_bag, evaluated) -> None:
    bag = street_bag('drive', frames=15, cameras=('front', 'left'))
    output = evaluated(bag, video=True)
    for camera in ('front', 'left'):
        video = cv2.VideoCapture(str(output / f'{camera}.mp4'))
        assert video.get(cv2.CAP_PROP_FPS) == pytest.approx(10.0)
        assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 15
        assert video.read()[1].shape == (80, 120, 3)


def test_outputs_of_several_bags_do_not_meet(street_bag, evaluated) -> None:
    bags = [street_bag('one', frames=2), street_bag('two', frames=3)]
    output = evaluated(*bags, annotated='mcap', video=True)
    assert len(list(output.glob('*_front.mp4'))) == 2
    counts = []
    for folder in sorted((output / 'annotated').iterdir()):
        with BagReader(folder) as bag:
            counts.append(bag.counts['/segmentation/front/label/compressed'])
    assert counts == [2, 3]


def test_the_rate_of_a_camera_is_that_of_most_of_its_frames() -> None:
    assert frame_rate([0, 50_000_000, 100_000_000, 900_000_000]) == 20.0
    assert frame_rate([5]) == frame_rate([5, 5, 4]) == 10.0


class Page(HTMLParser):
    """Collect what a page shows and what it would load."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.text: list[str] = []
        self.loads: list[str] = []
        self.classes: list[str] = []
        self.feed(path.read_text(encoding='utf-8'))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.classes.append(dict(attributes).get('class', ''))
        self.loads += [value for key, value in attributes if key in ('src', 'href')]

    def handle_data(self, data: str) -> None:
        self.text.append(data.strip())


def test_the_page_says_what_was_found_and_loads_nothing(street_bag, evaluated) -> None:
    from roadseg_core.evaluation.settings.conditions import parse_condition

    bags = [
        street_bag('city', frames=12, cameras=('front', 'left')),
        street_bag('country', frames=4),
    ]
    output = evaluated(
        *bags,
        truth=TruthChoice(topics={'*': '/truth/{camera}/label'}),
        pictures=2,
        conditions=(parse_condition('road_iou >= 0.9'), parse_condition('flicker <= -1')),
    )
    page = Page(output / 'report.html')
    links = {load for load in page.loads if not load.startswith('data:image/')}
    assert {'report.json', 'frames.jsonl', 'timings.jsonl'} <= links
    assert all((output / link).is_file() for link in links)
    assert page.classes.count('chart') == 2 * 6
    text = ' '.join(page.text)
    assert 'Best frames' not in text  # all are alike: nobody would see why
    for words in (
        '1 of 2 conditions failed',
        'road_iou >= 0.9',
        'not road',
        'city, left',
        'country, front',
        'Worst frames',
        'Temporal consistency',
    ):
        assert words in text


def test_all_pictures_of_a_short_folder_are_shown_by_name(tmp_path, evaluated) -> None:
    folder = tmp_path / 'streets'
    folder.mkdir()
    for number, name in enumerate(('bend', 'hill', 'gate')):
        cv2.imwrite(str(folder / f'{name}.png'), street(number)[0])
    text = ' '.join(Page(evaluated(folder, pictures=1) / 'report.html').text)
    assert 'All frames' in text and 'Worst frames' not in text
    # The first of them has no neighbour: all are judged by what all have.
    assert all(f'{name}: mean confidence' in text for name in ('bend', 'hill', 'gate'))


def test_a_scene_that_stays_is_shown_once(street_bag, evaluated) -> None:
    output = evaluated(street_bag('drive', frames=30), pictures=4)
    entries = json.loads(next(output.glob('parts/*/pictures/pictures.json')).read_text())
    assert entries[0]['files'].keys() == {'frame', 'labels', 'confidence'}
    seconds = [entry['row']['stamp_ns'] / 1e9 for entry in entries if entry['kind'] == 'worst']
    assert len(seconds) == 1  # of 3 s, in which time alone would leave room for more


def test_the_page_of_a_bag_without_frames_is_whole(tmp_path, evaluated) -> None:
    page = Page(evaluated(tmp_path / 'missing') / 'report.html')
    assert 'A part of the input was lost.' in ' '.join(page.text)
    assert any('does not exist' in text for text in page.text)
