"""Decompression by zstd and lz4 that never gives more bytes than were announced."""

from __future__ import annotations

import sys
from pathlib import Path

from lz4.frame import LZ4FrameDecompressor

from roadseg_core.bags.records import BagError, Buffer

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdDecompressor, ZstdError
else:
    from backports.zstd import ZstdDecompressor, ZstdError

ZSTD_MAGIC = b'\x28\xb5\x2f\xfd'

MOST_BYTES = 1 << 30
"""Most bytes that one chunk or message may have; what announces more is refused."""

_DECOMPRESSORS = {'zstd': ZstdDecompressor, 'lz4': LZ4FrameDecompressor}
_ERRORS = (ZstdError, RuntimeError, EOFError)
_PIECE = 4096
_BLOCK = 1 << 20
_RATIO = 1000
"""Recordings become this much smaller at most; a file that unpacks to more is a trap."""


def decompress(data: Buffer, method: str, limit: int = MOST_BYTES) -> Buffer:
    """
    Decompress a whole frame.

    :param method: ``zstd``, ``lz4`` or '' for none
    :param limit: most bytes that it may have
    :raises BagError: if it is damaged or cut off, has more bytes, or the method is another
    """
    if limit > MOST_BYTES:
        raise BagError(f'{limit} bytes are announced; expected at most {MOST_BYTES}')
    if not method:
        return data
    if method not in _DECOMPRESSORS:
        raise BagError(f'compressed by {method!r}; expected zstd or lz4')
    decompressor = _DECOMPRESSORS[method]()
    try:
        # One byte more than announced shows that there is more.
        found = decompressor.decompress(data, limit + 1)
    except _ERRORS as error:
        raise BagError(str(error)) from error
    if len(found) > limit:
        raise BagError(f'it unpacks to more than the {limit} bytes that are announced')
    if not decompressor.eof:
        raise BagError('it ends early')
    return found


def salvage(data: Buffer, method: str, limit: int) -> Buffer:
    """Decompress what is left of a frame that was cut off or damaged, up to ``limit`` bytes."""
    if method not in _DECOMPRESSORS:
        return data
    decompressor = _DECOMPRESSORS[method]()
    found = bytearray()
    # In pieces: a damaged piece costs what follows it, not what came before.
    for begin in range(0, len(data), _PIECE):
        room = min(limit, MOST_BYTES) - len(found)
        if room <= 0:
            break
        try:
            found += decompressor.decompress(bytes(data[begin : begin + _PIECE]), room)
        except _ERRORS:
            break
    return memoryview(bytes(found))


def unpack_file(path: Path, into: Path) -> str:
    """
    Decompress a file of one or more zstd frames as far as that goes.

    :returns: what is wrong with it, or ''
    :raises OSError: if a file cannot be read or written
    """
    limit = max(64 << 20, _RATIO * path.stat().st_size)
    with path.open('rb') as source, into.open('wb') as target:
        decompressor = ZstdDecompressor()
        piece = source.read(_BLOCK)
        while piece or not decompressor.needs_input:
            try:
                target.write(decompressor.decompress(piece, _BLOCK))
            except ZstdError as error:
                return f'{path.name} is damaged after {target.tell()} bytes: {error}'
            if target.tell() > limit:
                return f'{path.name} unpacks to more than {_RATIO} times its size'
            piece = b''
            if decompressor.eof:
                piece = decompressor.unused_data or source.read(_BLOCK)
                if not piece:
                    return ''
                decompressor = ZstdDecompressor()
            elif decompressor.needs_input:
                piece = source.read(_BLOCK)
        return f'{path.name} ends early, after {target.tell()} decompressed bytes'
