"""Bags of every storage, packing and state."""

from __future__ import annotations

import shutil
import sqlite3
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcap.opcode import Opcode
from mcap.records import Chunk
from mcap.writer import MCAP0_MAGIC as MAGIC
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer

from roadseg_core.bags.cdr import message_types, type_digest
from roadseg_core.bags.mcap_records import channel_counts, parse
from roadseg_core.bags.reader import BagReader
from roadseg_core.bags.records import BagError, Topic

TOPIC, OTHER = '/camera/front/image_raw/compressed', '/other'
KIND = 'sensor_msgs/msg/CompressedImage'
COUNT = 12
MODES = {
    'none': CompressionMode.NONE,
    'file': CompressionMode.FILE,
    'message': CompressionMode.MESSAGE,
}


def payload(number: int) -> bytes:
    """Return what stands for a message: no CDR is read here."""
    return b'\0\1\0\0' + bytes([number]) * (50 + 20 * number)


def write(path: Path, *, mcap: bool = True, packing: str = 'none', first: int = 0) -> Path:
    writer = Writer(
        path, version=8, storage_plugin=(StoragePlugin.MCAP if mcap else StoragePlugin.SQLITE3)
    )
    writer.set_compression(MODES[packing], CompressionFormat.ZSTD)
    with writer as bag:
        topics = [
            bag.add_connection(topic, KIND, typestore=message_types()) for topic in (TOPIC, OTHER)
        ]
        for number in range(first, first + COUNT):
            bag.write(topics[number % 2], 100 + number, payload(number))
    return path


def read(path: Path, *topics: str, **bounds: int) -> list[tuple[str, int, bytes]]:
    with BagReader(path) as bag:
        return [
            (message.topic, message.time_ns, bytes(message.data))
            for message in bag.messages(topics or None, **bounds)
        ]


def expected(numbers: range) -> list[tuple[str, int, bytes]]:
    return [((TOPIC, OTHER)[number % 2], 100 + number, payload(number)) for number in numbers]


@pytest.mark.parametrize('packing', MODES)
@pytest.mark.parametrize('mcap', [True, False])
def test_all_messages_come_back_in_order(tmp_path: Path, mcap: bool, packing: str) -> None:
    bag = write(tmp_path / 'bag', mcap=mcap, packing=packing)
    assert read(bag) == expected(range(COUNT))
    assert read(bag, TOPIC) == expected(range(0, COUNT, 2))
    assert read(bag, start_ns=103, end_ns=106) == expected(range(3, 6))
    with BagReader(bag) as reader:
        assert reader.start_ns() == 100 and reader.counts == {TOPIC: 6, OTHER: 6}
        assert not reader.losses and not reader.notes
        places = [place for _, place in reader.index(OTHER)]
        assert [bytes(reader.fetch(place)) for place in reversed(places)] == [
            data for _, _, data in reversed(expected(range(1, COUNT, 2)))
        ]


@pytest.mark.parametrize('packing', MODES)
@pytest.mark.parametrize('mcap', [True, False])
def test_metadata_are_rebuilt(tmp_path: Path, mcap: bool, packing: str) -> None:
    bag = write(tmp_path / 'bag', mcap=mcap, packing=packing)
    (bag / 'metadata.yaml').unlink()
    assert read(bag) == expected(range(COUNT))
    with BagReader(bag) as reader:
        assert 'metadata.yaml is missing; rebuilt from' in reader.notes[0]


@pytest.mark.parametrize('metadata', [True, False])
def test_split_bags_are_read_in_the_order_of_their_numbers(tmp_path: Path, metadata: bool) -> None:
    bag = tmp_path / 'bag'
    bag.mkdir()
    names = []
    for number in (2, 10, 9):
        part = write(tmp_path / f'part_{number}', first=12 * number)
        names.append(f'bag_{number}.mcap')
        shutil.copy(part / f'part_{number}.mcap', bag / names[-1])
    numbers = [2, 9, 10]
    if metadata:
        numbers = [2, 10, 9]
        (bag / 'metadata.yaml').write_text(
            yaml.safe_dump(
                {
                    'rosbag2_bagfile_information': {
                        'version': 2,
                        'relative_file_paths': [f'elsewhere/{name}' for name in names],
                        'topics_with_message_count': [],
                    }
                }
            )
        )
    assert [time for _, time, _ in read(bag)] == [
        100 + 12 * number + step for number in numbers for step in range(12)
    ]
    (bag / 'bag_9.mcap').unlink()
    with BagReader(bag) as reader:
        assert ('bag_9.mcap is missing' in reader.losses.described) == metadata


def test_a_single_file_is_a_bag(tmp_path: Path) -> None:
    for mcap, name in ((True, 'bag.mcap'), (False, 'bag.db3')):
        bag = (
            write(tmp_path / f'bag_{mcap}' / 'bag', mcap=mcap)
            if (tmp_path / f'bag_{mcap}').mkdir() is None
            else None
        )
        assert read(bag / name) == expected(range(COUNT))


def test_old_tables_without_hashes_and_qos_are_read(tmp_path: Path) -> None:
    path = tmp_path / 'old.db3'
    with sqlite3.connect(path) as database:
        database.executescript(
            'CREATE TABLE topics(id INTEGER PRIMARY KEY, name TEXT, type TEXT, '
            'serialization_format TEXT);'
            'CREATE TABLE messages(id INTEGER PRIMARY KEY, topic_id INTEGER, '
            'timestamp INTEGER, data BLOB);'
            f"INSERT INTO topics VALUES(1, '{TOPIC}', '{KIND}', 'cdr');"
        )
        database.execute('INSERT INTO messages VALUES(1, 1, 100, ?)', (payload(0),))
    assert read(path) == expected(range(1))
    with BagReader(path) as reader:
        assert reader.topics[TOPIC] == Topic(TOPIC, KIND)


def test_types_of_old_bags_get_their_full_names(tmp_path: Path) -> None:
    bag = write(tmp_path / 'bag', mcap=False)
    with sqlite3.connect(bag / 'bag.db3') as database:
        database.execute("UPDATE topics SET type = replace(type, '/msg/', '/')")
    with BagReader(bag) as reader:
        assert {topic.type for topic in reader.topics.values()} == {KIND}


def test_a_type_has_the_hash_of_its_definition(tmp_path: Path) -> None:
    known = message_types().hash_rihs01(KIND)
    for mcap in (True, False):
        with BagReader(write(tmp_path / str(mcap), mcap=mcap)) as reader:
            topic = reader.topics[TOPIC]
            assert type_digest(topic) == known
            assert type_digest(Topic(TOPIC, KIND, topic.definition)) == known
            other = topic.definition.replace('string format', 'string formula')
            assert type_digest(Topic(TOPIC, KIND, other)) not in ('', known)
    assert type_digest(Topic(TOPIC, KIND)) == type_digest(Topic(TOPIC, KIND, 'what?')) == ''


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        ('missing', 'does not exist'),
        ('drive.bag', 'ROS 1 bag'),
        ('notes.txt', 'is no bag'),
        ('folder', 'no .mcap or .db3'),
    ],
)
def test_what_is_no_bag_is_refused(tmp_path: Path, name: str, message: str) -> None:
    path = tmp_path / name
    if name == 'folder':
        path.mkdir()
    elif name != 'missing':
        path.write_bytes(b'#ROSBAG V2.0')
    with pytest.raises(BagError, match=message):
        BagReader(path).__enter__()


@pytest.fixture(scope='module')
def bags(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bool, str], Path]:
    """Return a function that gives one whole bag's file of each kind."""
    made: dict[tuple[bool, str], Path] = {}

    def bag(mcap: bool, packing: str) -> Path:
        key = (mcap, packing)
        if key not in made:
            folder = write(tmp_path_factory.mktemp('bags') / 'bag', mcap=mcap, packing=packing)
            made[key] = next(path for path in folder.iterdir() if path.suffix != '.yaml')
        return made[key]

    return bag


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    mcap=st.booleans(),
    packing=st.sampled_from(sorted(MODES)),
    cut=st.floats(0, 1),
    broken=st.lists(st.floats(0, 1), max_size=3),
)
def test_damage_costs_messages_and_nothing_else(
    tmp_path_factory, bags, mcap: bool, packing: str, cut: float, broken: list[float]
) -> None:
    whole = bags(mcap, packing)
    data = bytearray(whole.read_bytes()[: int(cut * whole.stat().st_size)])
    for place in broken:
        if data:
            data[int(place * (len(data) - 1))] ^= 0x5A
    path = tmp_path_factory.mktemp('damaged') / whole.name
    path.write_bytes(data)
    known = expected(range(COUNT))
    with suppress(BagError):
        with BagReader(path) as reader:
            found = [
                (message.topic, message.time_ns, bytes(message.data))
                for message in reader.messages()
            ]
            if not broken:
                assert {entry[:2] for entry in found} <= {entry[:2] for entry in known}
                # sqlite fills its last page up where that is cut off, and says nothing.
                assert set(found) <= set(known) or (reader.losses and not mcap)
                assert len(found) == COUNT or reader.losses
            reader.start_ns()
            for topic in reader.topics:
                list(reader.index(topic))


def records(path: Path) -> tuple[bytearray, int, int]:
    """Return a file of one unpacked chunk, and where the chunk's content begins and ends."""
    data = bytearray(path.read_bytes())
    at = len(MAGIC)
    while data[at] != Opcode.CHUNK:
        at += 9 + struct.unpack_from('<Q', data, at + 1)[0]
    end = at + 9 + struct.unpack_from('<Q', data, at + 1)[0]
    chunk = parse(Chunk, data[at + 9 : end])
    assert chunk.compression == ''
    return data, end - chunk.uncompressed_size, end


def places(data: bytes, begin: int, end: int) -> list[int]:
    """Return where the message records of a chunk begin."""
    found = []
    while begin < end:
        if data[begin] == Opcode.MESSAGE:
            found.append(begin)
        begin += 9 + struct.unpack_from('<Q', data, begin + 1)[0]
    return found


@pytest.mark.parametrize('damage', ['zeros', 'cut', 'unknown', 'short'])
def test_damage_in_a_chunk_without_checksum_is_a_loss(tmp_path: Path, damage: str) -> None:
    file = write(tmp_path / 'bag') / 'bag.mcap'
    data, begin, end = records(file)
    found = places(data, begin, end)
    # The checksum stands before the name of the compression and the content's length.
    struct.pack_into('<I', data, begin - 16, 0)
    if damage == 'zeros':
        data[found[5] : found[7]] = bytes(found[7] - found[5])
        left = range(5)
    elif damage == 'cut':
        struct.pack_into('<Q', data, found[-1] + 1, 10_000)
        left = range(COUNT - 1)
    elif damage == 'unknown':
        data[found[3]] = 0x70
        left = range(3)
    else:
        # Two records in the place of one, the first of which is too short for a message.
        length = struct.unpack_from('<Q', data, found[-1] + 1)[0]
        struct.pack_into('<Q', data, found[-1] + 1, 4)
        struct.pack_into('<BQ', data, found[-1] + 13, Opcode.MESSAGE_INDEX, length - 13)
        left = range(COUNT - 1)
    alone = tmp_path / 'alone.mcap'
    alone.write_bytes(data)
    with BagReader(alone) as reader:
        assert [message.time_ns for message in reader.messages()] == [
            100 + number for number in left
        ]
        assert 'alone.mcap is damaged' in reader.losses.described[0]
        # What should be there, the file says itself.
        assert reader.counts == {TOPIC: 6, OTHER: 6}


def test_a_file_that_contradicts_itself_promises_nothing() -> None:
    head = struct.pack('<QHIIIIQQ', 3, 1, 1, 0, 0, 1, 0, 0)
    assert channel_counts(head + struct.pack('<IHQ', 10, 1, 3), 1000) == {1: 3}
    assert channel_counts(head + struct.pack('<IHQ', 10, 1, 1 << 60), 1000) == {}
