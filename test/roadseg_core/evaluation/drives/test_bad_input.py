"""Bags that are broken in one way each: what is left is evaluated, what is lost is said."""

from __future__ import annotations

import json
import re
import resource
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from evaluation_configs import configured
from rosbags.rosbag2 import StoragePlugin, Writer

from roadseg_core.bags.cdr import image_cdr, message_types
from roadseg_core.bags.message_types import RAW_TYPE
from roadseg_core.bags.reader import BagReader
from roadseg_core.evaluation.run import evaluate_bags
from roadseg_core.evaluation.settings.sections import TruthChoice
from roadseg_ros.evaluate_bag import main

FIRST_STAMP_NS = 1_700_000_000_000_000_000
PERIOD_NS = 100_000_000
TOPICS = TruthChoice(topics={'*': '/truth/{camera}/label'})


@pytest.fixture
def evaluated(tmp_path: Path, exact_model: str) -> Callable[..., dict]:
    """Return a function that evaluates a bag, and returns the report."""

    def run(*bags: Path, **settings: object) -> dict:
        return evaluate_bags(
            configured(
                bags=bags,
                output=tmp_path / 'out',
                model=exact_model,
                **{'consistency': False, **settings},
            )
        )

    return run


def write_bag(
    path: Path,
    messages: list[tuple[str, int, bytes]],
    *,
    kind: str = RAW_TYPE,
    mcap: bool = True,
    topics: tuple[str, ...] = (),
) -> Path:
    """Write serialized messages: topic, time of recording, data."""
    with Writer(
        path, version=8, storage_plugin=(StoragePlugin.MCAP if mcap else StoragePlugin.SQLITE3)
    ) as bag:
        known = {
            topic: bag.add_connection(topic, kind, typestore=message_types())
            for topic in sorted({*topics, *(topic for topic, _, _ in messages)})
        }
        for topic, time_ns, data in messages:
            bag.write(known[topic], time_ns, data)
    return path


def image(stamp_ns: int, *, value: int = 90) -> bytes:
    """Return a serialized grey image of 120x80 pixels."""
    return image_cdr(
        np.full((80, 120, 3), value, np.uint8), encoding='bgr8', stamp_ns=stamp_ns, frame_id='lens'
    )


@pytest.mark.parametrize('mcap', [True, False])
def test_what_is_left_of_a_truncated_bag_is_evaluated(street_bag, evaluated, mcap) -> None:
    bag = street_bag('drive', frames=40, mcap=mcap)
    file = next(path for path in bag.iterdir() if path.suffix in ('.mcap', '.db3'))
    data = file.read_bytes()
    file.write_bytes(data[: len(data) * 6 // 10])
    report = evaluated(bag, truth=TOPICS)
    assert report['exit_code'] == 2 and report['bags'][0]['status'] == 'damaged'
    frames = report['frames']
    assert 10 <= frames['evaluated'] < 40
    assert frames['lost'] == 40 - frames['read'] and frames['dropped'] >= frames['lost']
    assert report['scores']['road_iou'] == 1.0
    assert 'could not be read' in report['bags'][0]['error']


def test_a_damaged_middle_costs_only_itself(street_bag, evaluated) -> None:
    bag = street_bag('drive', frames=40, mcap=False)
    file = next(bag.glob('*.db3'))
    data = bytearray(file.read_bytes())
    # A page of the table, in the middle of the images.
    middle = len(data) // 2 // 4096 * 4096
    data[middle : middle + 4096] = b'\xff' * 4096
    file.write_bytes(data)
    report = evaluated(bag)
    assert report['exit_code'] == 2
    assert 30 <= report['frames']['evaluated'] < 40


def test_a_bag_of_rubbish_or_of_nothing_has_failed(evaluated, tmp_path) -> None:
    folder = tmp_path / 'rubbish'
    folder.mkdir()
    (folder / 'rubbish.mcap').write_bytes(b'no bag at all' * 50)
    report = evaluated(folder)
    assert report['exit_code'] == 2 and report['bags'][0]['status'] == 'failed'
    assert 'no MCAP file' in report['bags'][0]['error']
    assert (tmp_path / 'out' / 'report.html').is_file()


def test_one_failed_bag_does_not_stop_the_others(street_bag, evaluated, tmp_path) -> None:
    report = evaluated(tmp_path / 'missing', street_bag('drive', frames=3))
    assert [bag['status'] for bag in report['bags']] == ['ok', 'failed']
    assert report['frames']['evaluated'] == 3 and report['bags_lost'] == 1
    assert report['exit_code'] == 2


def test_an_empty_bag_says_so(evaluated, tmp_path) -> None:
    bag = write_bag(tmp_path / 'empty', [], topics=('/camera/front/image_raw',))
    report = evaluated(bag)
    assert report['exit_code'] == 2
    assert 'no frame was evaluated' in report['bags'][0]['error']


@pytest.mark.parametrize('mcap', [True, False])
@pytest.mark.parametrize('metadata', [None, 'a: [', 'rosbag2_bagfile_information: 3'])
def test_metadata_that_are_missing_are_rebuilt(street_bag, evaluated, mcap, metadata) -> None:
    bag = street_bag('drive', frames=5, mcap=mcap)
    if metadata is None:
        (bag / 'metadata.yaml').unlink()
    else:
        (bag / 'metadata.yaml').write_text(metadata)
    report = evaluated(bag)
    assert report['frames']['evaluated'] == 5 and report['exit_code'] == 0
    assert 'rebuilt from' in report['bags'][0]['notes'][0]


@pytest.mark.parametrize('wrong', ['x', '[1]'])
def test_metadata_of_a_wrong_type_are_rebuilt(street_bag, evaluated, wrong) -> None:
    bag = street_bag('drive', frames=2)
    text = (bag / 'metadata.yaml').read_text()
    (bag / 'metadata.yaml').write_text(
        re.sub(r'(nanoseconds_since_epoch: )\d+', rf'\g<1>{wrong}', text)
    )
    report = evaluated(bag)
    assert report['frames']['evaluated'] == 2 and report['exit_code'] == 0
    assert 'rebuilt from' in report['bags'][0]['notes'][0]


def test_what_nobody_thought_of_costs_one_bag(street_bag, evaluated, monkeypatch) -> None:
    bags = [street_bag('odd', frames=2), street_bag('other', frames=2)]

    class Odd(BagReader):
        def start_ns(self) -> int | None:
            if self.path.name == 'odd':
                raise TypeError('nobody thought of this')
            return super().start_ns()

    monkeypatch.setattr('roadseg_core.sources.opening.BagReader', Odd)
    report = evaluated(*bags)
    assert [bag['status'] for bag in report['bags']] == ['failed', 'ok']
    assert 'TypeError: nobody thought of this' in report['bags'][0]['error']
    assert report['frames']['evaluated'] == 2 and report['exit_code'] == 2


def test_a_folder_in_the_place_of_a_file_is_a_bag_that_failed(
    street_bag, evaluated, tmp_path
) -> None:
    folder = tmp_path / 'folders'
    (folder / 'x.mcap').mkdir(parents=True)
    report = evaluated(folder, folder / 'x.mcap', street_bag('drive', frames=2))
    assert sorted(bag['status'] for bag in report['bags']) == ['failed', 'failed', 'ok']
    assert 'is no bag' in report['bags'][1]['error']


def test_images_that_cannot_be_decoded_are_counted_and_listed(evaluated, tmp_path) -> None:
    good = image(FIRST_STAMP_NS)
    odd = good.replace(b'bgr8', b'yuv9')
    bag = write_bag(
        tmp_path / 'bag',
        [
            ('/camera/front/image_raw', FIRST_STAMP_NS + number * PERIOD_NS, data)
            for number, data in enumerate((good, odd, good[:1000], good[:3], good))
        ],
    )
    report = evaluated(bag)
    assert (report['frames']['evaluated'], report['frames']['bad']) == (2, 3)
    assert report['exit_code'] == 2
    assert '3 images could not be decoded' in report['bags'][0]['error']
    bad = [json.loads(line) for line in (tmp_path / 'out' / 'bad.jsonl').read_text().splitlines()]
    assert sorted(row['index'] for row in bad) == [1, 2, 3]
    assert any('yuv9' in row['error'] for row in bad)
    assert any('truncated' in row['error'] for row in bad)


def test_truth_that_cannot_be_compared_is_said(street_bag, evaluated, tmp_path) -> None:
    bag = street_bag('drive', frames=4)
    folder = tmp_path / 'truth'
    folder.mkdir()
    pictures = (
        np.zeros((80, 120), np.uint8),
        np.zeros((40, 60), np.uint8),
        np.full((80, 120), 7, np.uint8),
        np.zeros((80, 120, 3), np.uint8),
    )
    for number, picture in enumerate(pictures):
        cv2.imwrite(str(folder / f'{number}.png'), picture)
    report = evaluated(bag, truth=TruthChoice(folder=folder, key='index'))
    assert (report['frames']['scored'], report['frames']['truth_bad']) == (1, 3)
    assert report['exit_code'] == 2
    error = report['bags'][0]['error']
    assert 'truth of 3 frames cannot be compared' in error
    assert '60x40' in error or '40, 60' in error
    assert '7' in error and 'one channel' in error


def test_stamps_that_run_backwards_are_counted(evaluated, tmp_path) -> None:
    order = (0, 1, 2, 1, 2, 3)
    bag = write_bag(
        tmp_path / 'bag',
        [
            (
                '/camera/front/image_raw',
                FIRST_STAMP_NS + number * PERIOD_NS,
                image(FIRST_STAMP_NS + step * PERIOD_NS, value=80 + number),
            )
            for number, step in enumerate(order)
        ],
    )
    report = evaluated(bag, consistency=True)
    assert report['frames']['backwards'] == 1 and report['frames']['evaluated'] == 6
    assert 'ran backwards 1 time' in ' '.join(report['bags'][0]['notes'])
    rows = [
        json.loads(line)['stamp_ns']
        for line in (tmp_path / 'out' / 'frames.jsonl').read_text().splitlines()
    ]
    assert rows == sorted(rows)


def test_a_camera_that_starts_late_is_noted(evaluated, tmp_path) -> None:
    bag = write_bag(
        tmp_path / 'bag',
        [
            (
                f'/camera/{camera}/image_raw',
                FIRST_STAMP_NS + number * PERIOD_NS,
                image(FIRST_STAMP_NS + number * PERIOD_NS),
            )
            for number in range(40)
            for camera in ('front', 'left')
            if camera == 'front' or number >= 25
        ],
    )
    report = evaluated(bag)
    assert report['exit_code'] == 0
    assert report['bags'][0]['cameras']['left']['late_ns'] == 25 * PERIOD_NS
    assert 'camera left: its first image came 2.5 s after' in ' '.join(report['bags'][0]['notes'])


def test_an_image_type_of_another_definition_is_refused(street_bag, evaluated) -> None:
    bag = street_bag('drive', frames=3, mcap=False)
    with sqlite3.connect(next(bag.glob('*.db3'))) as database:
        database.execute("UPDATE topics SET type_description_hash = 'RIHS01_0123'")
    report = evaluated(bag)
    assert report['bags'][0]['status'] == 'failed'
    assert 'defined otherwise than in ROS' in report['bags'][0]['error']


def test_unknown_types_beside_the_cameras_do_no_harm(street_bag, evaluated) -> None:
    bag = street_bag('drive', frames=3, mcap=False)
    with sqlite3.connect(next(bag.glob('*.db3'))) as database:
        database.execute(
            'INSERT INTO topics (name, type, serialization_format, '
            'offered_qos_profiles, type_description_hash) '
            "VALUES ('/odd', 'odd_msgs/msg/Odd', 'cdr', '', '')"
        )
        database.execute(
            'INSERT INTO messages (topic_id, timestamp, data) '
            'VALUES ((SELECT id FROM topics WHERE name = ?), ?, ?)',
            ('/odd', FIRST_STAMP_NS, struct.pack('<IQ', 256, 5)),
        )
    report = evaluated(bag, annotated='mcap')
    assert report['frames']['evaluated'] == 3 and report['exit_code'] == 0
    assert '/odd is not in the annotated bag' in ' '.join(report['bags'][0]['notes'])


@pytest.mark.parametrize(
    'extra', [(), ('--annotated', 'mcap'), ('--annotated', 'sqlite3'), ('--video', '--every', '10')]
)
def test_a_full_disk_ends_with_a_reason(street_bag, exact_model, tmp_path, extra) -> None:
    bag = street_bag('drive', frames=30)
    program = 'import sys; from roadseg_ros.evaluate_bag import main; sys.exit(main(sys.argv[1:]))'

    def allow_little() -> None:
        # As on a full disk, a write fails in the middle; here at the size of one file.
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))

    done = subprocess.run(
        [
            sys.executable,
            '-c',
            program,
            str(bag),
            '--model',
            exact_model,
            '--output',
            str(tmp_path / 'out'),
            *extra,
        ],
        capture_output=True,
        text=True,
        preexec_fn=allow_little,
    )
    assert done.returncode == 2, done.stderr
    assert 'free' in done.stderr and 'Traceback' not in done.stderr
    assert not (tmp_path / 'out' / 'report.json').exists()


def test_the_command_says_what_is_lost(street_bag, exact_model, tmp_path, capsys) -> None:
    assert (
        main([str(tmp_path / 'no bag'), '--model', exact_model, '--output', str(tmp_path / 'out')])
        == 2
    )
    assert 'does not exist' in capsys.readouterr().out
    assert (
        main(
            [
                str(street_bag('drive', frames=2)),
                '--camera',
                'front=/nothing',
                '--model',
                exact_model,
                '--output',
                str(tmp_path / 'out'),
            ]
        )
        == 2
    )
    assert 'no topic /nothing; the bag holds' in capsys.readouterr().out
    assert main(['--every', '0', 'bag']) == 2
    assert '--every: 0 should be' in capsys.readouterr().err
