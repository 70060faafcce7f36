"""The content of an MCAP file's chunk. Format: https://mcap.dev/spec."""

from __future__ import annotations

import struct
from zlib import crc32

from lz4.frame import LZ4FrameDecompressor
from lz4.frame import decompress as lz4_decompress

from roadseg_core.bags import zstandard
from roadseg_core.bags.mcap_records import chunk_head
from roadseg_core.bags.records import BagError, Buffer


def unpacked(record: bytes) -> Buffer:
    """
    Return a chunk's content.

    :raises BagError: if it is damaged
    """
    try:
        chunk, at = chunk_head(record)
        packed = memoryview(record)[at:]
        if chunk.compression == '':
            data: Buffer = packed
        elif chunk.compression == 'zstd':
            data = zstandard.decompress(packed)
        elif chunk.compression == 'lz4':
            data = lz4_decompress(packed)
        else:
            raise BagError(f'chunk compressed by {chunk.compression!r}; expected zstd or lz4')
    except (
        zstandard.ZstdError,
        RuntimeError,
        EOFError,
        struct.error,
        UnicodeDecodeError,
    ) as error:
        raise BagError(f'a chunk is damaged: {error}') from error
    if len(data) != chunk.size or (chunk.crc and crc32(data) != chunk.crc):
        raise BagError('a chunk is damaged: its checksum or size is wrong')
    return memoryview(data)


def partly_unpacked(record: bytes) -> Buffer:
    """Return what is left of the content of a chunk that was cut off."""
    try:
        chunk, at = chunk_head(record)
        if chunk.compression == 'zstd':
            return memoryview(zstandard.partial(record[at:]))
        if chunk.compression == 'lz4':
            return memoryview(LZ4FrameDecompressor().decompress(record[at:]))
    except (RuntimeError, EOFError, struct.error, UnicodeDecodeError):
        return b''
    return memoryview(record)[at:]
