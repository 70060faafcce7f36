"""Read the records of an MCAP file with the mcap package, and check them."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import TypeVar
from zlib import crc32

from mcap.data_stream import ReadDataStream
from mcap.exceptions import EndOfFile, McapError
from mcap.records import Chunk, McapRecord, Statistics

from roadseg_core.bags.compression import decompress, salvage
from roadseg_core.bags.records import BagError, Buffer, believable

Record = TypeVar('Record', bound=McapRecord)

_ERRORS = (McapError, struct.error, UnicodeDecodeError)


class _Body:
    """Give a record's body piece by piece, without copies, and never less than asked for."""

    def __init__(self, data: Buffer) -> None:
        self._left = memoryview(data)

    def read(self, length: int) -> memoryview:
        if length > len(self._left):
            raise EndOfFile
        piece, self._left = self._left[:length], self._left[length:]
        return piece


def parse(kind: type[Record], body: Buffer) -> Record:
    """
    Read a record.

    :raises BagError: if it is cut off or damaged
    """
    try:
        return kind.read(ReadDataStream(_Body(body)))
    except _ERRORS as error:
        raise BagError(f'a record ({kind.__name__}) is damaged: {error}') from error


def chunk_content(body: Buffer) -> Buffer:
    """
    Return the records of a chunk.

    :raises BagError: if the chunk is damaged or has more bytes than it says
    """
    chunk = parse(Chunk, body)
    try:
        data = decompress(chunk.data, chunk.compression, chunk.uncompressed_size)
    except BagError as error:
        raise BagError(f'a chunk is damaged: {error}') from error
    if len(data) != chunk.uncompressed_size or (
        chunk.uncompressed_crc and crc32(data) != chunk.uncompressed_crc
    ):
        raise BagError('a chunk is damaged: its checksum or size is wrong')
    return memoryview(data)


def cut_off_content(body: bytes) -> Buffer:
    """Return what is left of the records of a chunk that was cut off."""
    try:
        chunk = Chunk.read(ReadDataStream(BytesIO(body)))  # which may give less than asked for
    except _ERRORS:
        return b''
    return memoryview(salvage(chunk.data, chunk.compression, chunk.uncompressed_size))


def channel_counts(body: Buffer, file_bytes: int) -> dict[int, int]:
    """Return the messages by channel of a statistics record; {} if they cannot be true."""
    try:
        statistics = parse(Statistics, body)
    except BagError:
        return {}
    counts = statistics.channel_message_counts
    total = sum(counts.values())
    return counts if believable(total, file_bytes) and total == statistics.message_count else {}
