"""zstd, wherever this Python has it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdDecompressor, ZstdError, decompress
else:
    from backports.zstd import ZstdDecompressor, ZstdError, decompress

__all__ = ['decompress', 'MAGIC', 'partial', 'unpack', 'ZstdError']

MAGIC = b'\x28\xb5\x2f\xfd'
_CHUNK = 1 << 20


def partial(data: bytes | memoryview) -> bytes:
    """Return what can be decompressed of a frame that was cut off."""
    found = bytearray()
    decompressor = ZstdDecompressor()
    # In pieces: a damaged piece costs what follows it, not what came before.
    for begin in range(0, len(data), 4096):
        try:
            found += decompressor.decompress(bytes(data[begin : begin + 4096]))
        except (ZstdError, EOFError):
            break
    return bytes(found)


def unpack(path: Path, into: Path) -> str:
    """
    Decompress a file as far as that goes.

    :returns: what is wrong with it, or ''
    :raises OSError: if a file cannot be read or written
    """
    with path.open('rb') as source, into.open('wb') as target:
        decompressor = ZstdDecompressor()
        for piece in _pieces(source):
            while piece:
                if decompressor.eof:
                    # A file may hold several frames, one after another.
                    decompressor = ZstdDecompressor()
                try:
                    target.write(decompressor.decompress(piece))
                except ZstdError as error:
                    return f'{path.name} is damaged after {target.tell()} bytes: {error}'
                piece = decompressor.unused_data if decompressor.eof else b''
        if not decompressor.eof:
            return f'{path.name} ends early, after {target.tell()} decompressed bytes'
    return ''


def _pieces(source: object) -> Iterator[bytes]:
    while piece := source.read(_CHUNK):
        yield piece
