"""Parts of an MCAP file's records. Format: https://mcap.dev/spec."""

from __future__ import annotations

import struct
from typing import NamedTuple

MAGIC = b'\x89MCAP0\r\n'
SCHEMA, CHANNEL, MESSAGE, CHUNK, CHUNK_INDEX, STATISTICS = 0x03, 0x04, 0x05, 0x06, 0x08, 0x0B
DATA_END, LAST_OPCODE = 0x0F, 0x0F
FOOTER_BYTES = 37
MESSAGE_HEAD_BYTES = 22
"""Of a message record, before the message itself."""


class Chunk(NamedTuple):
    """What a chunk record says of its content; ``size`` and ``crc`` are of it unpacked."""

    start_ns: int
    end_ns: int
    size: int
    crc: int
    compression: str


def chunk_head(record: bytes) -> tuple[Chunk, int]:
    """
    Read the beginning of a chunk record; return it and where the content begins.

    :raises struct.error: if it is cut off
    """
    start_ns, end_ns, size, crc = struct.unpack_from('<QQQI', record)
    compression, at = text(record, 28)
    return Chunk(start_ns, end_ns, size, crc, compression), at + 8


def channel_counts(record: bytes) -> dict[int, int]:
    """
    Return the messages by channel of a statistics record; {} if it contradicts itself.

    :raises struct.error: if it is cut off
    """
    total = struct.unpack_from('<Q', record)[0]
    length = struct.unpack_from('<I', record, 42)[0]
    counts = dict(struct.unpack_from('<HQ', record, at) for at in range(46, 46 + length, 10))
    return counts if sum(counts.values()) == total else {}


def text(data: bytes, at: int) -> tuple[str, int]:
    """
    Read a text; return it and where it ends.

    :raises struct.error: if it is cut off
    """
    length = struct.unpack_from('<I', data, at)[0]
    end = at + 4 + length
    if end > len(data):
        raise struct.error('a text is cut off')
    return data[at + 4 : end].decode('utf-8'), end


def texts(data: bytes, at: int) -> dict[str, str]:
    """
    Read a map of texts.

    :raises struct.error: if it is cut off
    """
    end = at + 4 + struct.unpack_from('<I', data, at)[0]
    found = {}
    at += 4
    while at < end:
        key, at = text(data, at)
        found[key], at = text(data, at)
    return found
