"""Bags that claim what they do not hold are refused, in bounded time and memory."""

from __future__ import annotations

import shutil
import sqlite3
import struct
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import lz4.frame
import pytest
from mcap.opcode import Opcode
from mcap.writer import MCAP0_MAGIC as MAGIC
from rosbags.rosbag2 import StoragePlugin, Writer

from roadseg_core.bags.cdr import message_types
from roadseg_core.bags.compression import ZstdDecompressor, unpack_file
from roadseg_core.bags.reader import BagReader
from roadseg_core.bags.records import BagError

if ZstdDecompressor.__module__.startswith('backports'):
    from backports import zstd
else:
    from compression import zstd

KIND, TOPIC = 'sensor_msgs/msg/Image', '/camera/front/image_raw'
GIBIBYTE = 1 << 30


def record(opcode: int, body: bytes) -> bytes:
    return struct.pack('<BQ', opcode, len(body)) + body


def text(value: bytes) -> bytes:
    return struct.pack('<I', len(value)) + value


def mcap_of_one_chunk(path: Path, packed: bytes, method: bytes, claimed: int, crc: int = 0) -> Path:
    """Write an MCAP file of a topic and one chunk."""
    channel = struct.pack('<HH', 1, 0) + text(TOPIC.encode()) + text(b'cdr') + text(b'')
    chunk = struct.pack('<QQQI', 0, 1, claimed, crc) + text(method)
    path.write_bytes(
        MAGIC
        + record(Opcode.HEADER, text(b'ros2') + text(b''))
        + record(Opcode.CHANNEL, channel)
        + record(Opcode.CHUNK, chunk + struct.pack('<Q', len(packed)) + packed)
        + record(Opcode.DATA_END, bytes(4))
    )
    return path


@pytest.fixture(scope='module')
def bombs() -> dict[bytes, bytes]:
    """Return little data that unpacks to two gibibytes of zeros, by method."""
    compressor = zstd.ZstdCompressor()
    zeros = bytes(64 << 20)
    packed = b''.join([*(compressor.compress(zeros) for _ in range(32)), compressor.flush()])
    piece = lz4.frame.LZ4FrameCompressor()
    parts = [piece.begin(), *(piece.compress(zeros) for _ in range(32)), piece.flush()]
    return {b'zstd': packed, b'lz4': b''.join(parts)}


@pytest.mark.parametrize('method', [b'zstd', b'lz4'])
@pytest.mark.parametrize(
    ('claimed', 'message'),
    [(100, 'more than the 100 bytes that are announced'), (10**12, 'expected at most 1073741824')],
)
def test_a_chunk_unpacks_to_no_more_than_it_claims(
    tmp_path: Path,
    bombs: dict[bytes, bytes],
    peak_bytes: Callable[[Callable[[], object]], int],
    method: bytes,
    claimed: int,
    message: str,
) -> None:
    path = mcap_of_one_chunk(tmp_path / 'bomb.mcap', bombs[method], method, claimed)
    with BagReader(path) as bag:
        assert peak_bytes(lambda: list(bag.messages())) < GIBIBYTE // 16
        assert message in bag.losses.described[0]


def test_a_chunk_that_is_cut_off_unpacks_to_no_more_than_it_claims(
    tmp_path: Path, bombs: dict[bytes, bytes], peak_bytes: Callable[[Callable[[], object]], int]
) -> None:
    path = mcap_of_one_chunk(tmp_path / 'bomb.mcap', bombs[b'zstd'], b'zstd', 100)
    path.write_bytes(path.read_bytes()[:-200])
    with BagReader(path) as bag:
        assert peak_bytes(lambda: list(bag.messages())) < GIBIBYTE // 16
        assert 'ends early' in ' '.join(bag.losses.described)


def test_a_whole_chunk_of_either_method_is_read(tmp_path: Path) -> None:
    message = struct.pack('<HIQQ', 1, 0, 7, 7) + b'\0\1\0\0hello'
    content = record(Opcode.MESSAGE, message)
    for method, packed in (
        (b'zstd', zstd.compress(content)),
        (b'lz4', lz4.frame.compress(content)),
        (b'', content),
    ):
        path = mcap_of_one_chunk(
            tmp_path / 'whole.mcap', packed, method, len(content), crc32(content)
        )
        with BagReader(path) as bag:
            assert [(m.time_ns, bytes(m.data[4:])) for m in bag.messages()] == [(7, b'hello')]


def test_a_file_that_unpacks_to_a_thousand_times_its_size_is_left(
    tmp_path: Path, bombs: dict[bytes, bytes]
) -> None:
    packed = tmp_path / 'bag.db3.zstd'
    packed.write_bytes(bombs[b'zstd'])
    problem = unpack_file(packed, tmp_path / 'bag.db3')
    assert 'more than 1000 times' in problem
    limit = max(64 << 20, 1000 * packed.stat().st_size)
    assert (tmp_path / 'bag.db3').stat().st_size <= limit + (1 << 20)


def database(path: Path, script: str) -> Path:
    with sqlite3.connect(path) as made:
        made.executescript(script)
    made.close()
    return path


TOPICS = (
    'CREATE TABLE topics(id INTEGER PRIMARY KEY, name TEXT, type TEXT, serialization_format TEXT);'
    f"INSERT INTO topics VALUES(1, '{TOPIC}', '{KIND}', 'cdr');"
)
ENDLESS = (
    'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) '
    "SELECT i AS id, 1 AS topic_id, i AS timestamp, x'00' AS data FROM n;"
)


@pytest.mark.parametrize('view', ['messages', 'topics'])
def test_a_view_in_the_place_of_a_table_is_refused(tmp_path: Path, view: str) -> None:
    script = (
        f'{TOPICS} CREATE VIEW messages AS {ENDLESS}'
        if view == 'messages'
        else f'CREATE TABLE messages(id INTEGER PRIMARY KEY); CREATE VIEW topics AS {ENDLESS}'
    )
    path = database(tmp_path / 'endless.db3', script)
    with pytest.raises(BagError, match='a bag of sqlite3 has the tables topics and messages'):
        BagReader(path).__enter__()


def test_a_table_that_computes_what_it_holds_is_refused(tmp_path: Path) -> None:
    path = database(
        tmp_path / 'computed.db3',
        f'{TOPICS} CREATE TABLE messages(id INTEGER PRIMARY KEY, topic_id INTEGER, timestamp '
        'INTEGER, data BLOB GENERATED ALWAYS AS (zeroblob(900000000)));'
        'INSERT INTO messages(topic_id, timestamp) VALUES(1, 1);',
    )
    with pytest.raises(BagError, match='the table messages computes its columns'):
        BagReader(path).__enter__()


def bag_of_two(path: Path) -> Path:
    with Writer(path, version=8, storage_plugin=StoragePlugin.SQLITE3) as bag:
        connection = bag.add_connection(TOPIC, KIND, typestore=message_types())
        for number in range(2):
            bag.write(connection, number + 1, b'\0\1\0\0message')
    return path


def test_a_count_that_no_file_can_hold_is_not_believed(tmp_path: Path) -> None:
    bag = bag_of_two(tmp_path / 'bag')
    metadata = bag / 'metadata.yaml'
    metadata.write_text(
        metadata.read_text().replace('message_count: 2', f'message_count: {10**12}')
    )
    with BagReader(bag) as reader:
        assert '2000000000000' in reader.notes[0] or '1000000000000' in reader.notes[0]
        assert len(list(reader.messages())) == 2
        assert reader.counts == {}


def test_a_damaged_database_is_not_searched_for_every_row_that_was_promised(
    tmp_path: Path,
) -> None:
    bag = bag_of_two(tmp_path / 'bag')
    metadata = bag / 'metadata.yaml'
    metadata.write_text(metadata.read_text().replace('message_count: 2', 'message_count: 6000000'))
    data = bytearray((bag / 'bag.db3').read_bytes())
    data[-4096:-4000] = bytes(96)
    (bag / 'bag.db3').write_bytes(data)
    with BagReader(bag) as reader:
        assert len(list(reader.messages())) <= 2
        assert reader.counts == {TOPIC: 6_000_000}


@pytest.mark.parametrize(
    'content',
    [
        '[' * 100_000,
        '{a: ' * 100_000,
        'a: &a [1, 2]\nb: &b {<<: [*a, *a]}\n',
        '- ' * 300_000,
        'x' * (2 << 20),
        'rosbag2_bagfile_information: &a [*a]',
        '!m {<<: {x: 1}}',
    ],
    ids=['lists', 'maps', 'merges', 'rows', 'long', 'itself', 'tagged'],
)
def test_metadata_that_nest_without_end_are_rebuilt(tmp_path: Path, content: str) -> None:
    bag = bag_of_two(tmp_path / 'bag')
    (bag / 'metadata.yaml').write_text(content)
    with BagReader(bag) as reader:
        assert 'metadata.yaml cannot be read' in reader.notes[0]
        assert len(list(reader.messages())) == 2
    shutil.rmtree(bag)
