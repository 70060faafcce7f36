"""
An MCAP file, read from its front, so that a missing end costs nothing but itself.

Format: https://mcap.dev/spec. A record is an opcode, a length and a body; messages lie in chunks
or bare. The index at the end is used to find topics fast and to go on behind damage.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from roadseg_core.bags.mcap_chunks import partly_unpacked, unpacked
from roadseg_core.bags.mcap_records import (
    CHANNEL,
    CHUNK,
    CHUNK_INDEX,
    DATA_END,
    FOOTER_BYTES,
    LAST_OPCODE,
    MAGIC,
    MESSAGE,
    MESSAGE_HEAD_BYTES,
    SCHEMA,
    STATISTICS,
    channel_counts,
    text,
    texts,
)
from roadseg_core.bags.records import BagError, BagMessage, Buffer, Losses, Topic

_HEAD = 64


class McapFile:
    """
    Read one file.

    :param losses: takes what cannot be read
    :raises BagError: if it is no MCAP file
    """

    def __init__(self, path: Path, losses: Losses) -> None:
        self.path = path
        self._losses = losses
        self._file = path.open('rb')
        self._size = path.stat().st_size
        self._schemas: dict[int, tuple[str, str]] = {}
        self._channels: dict[int, Topic] = {}
        self._cached: tuple[int, Buffer] = (-1, b'')
        self._indexed: list[int] = []
        self._counted: dict[int, int] = {}
        if self._file.read(len(MAGIC)) != MAGIC:
            self._file.close()
            raise BagError(
                f'{path} is no MCAP file: it does not begin with its magic bytes; '
                f'{self._size} bytes'
            )
        self._whole = self._read_summary()

    def topics(self) -> dict[str, Topic]:
        """Return the topics by name: from the summary, or by reading the file."""
        if not self._whole or not self._channels:
            for _ in self._records(None, None):
                pass
        return {topic.name: topic for topic in self._channels.values()}

    def counts(self) -> dict[str, int]:
        """Return the messages by topic that the summary promises; {} without a summary."""
        found: dict[str, int] = {}
        for channel, count in self._counted.items():
            if channel in self._channels:
                name = self._channels[channel].name
                found[name] = found.get(name, 0) + count
        return found

    def start_ns(self) -> int | None:
        """Return the time of the first message in the file, None if there is none."""
        return next((time for _, time, _, _ in self._messages(None, None, None)), None)

    def messages(
        self, topics: Collection[str] | None, start_ns: int | None, end_ns: int | None
    ) -> Iterator[BagMessage]:
        """Yield the messages of some topics (None: of all) in the order of the file."""
        for topic, time_ns, data, _ in self._messages(topics, start_ns, end_ns):
            yield BagMessage(topic, time_ns, data)

    def index(self, topic: str) -> Iterator[tuple[Buffer, object]]:
        """Yield the beginning of each message of a topic, and its place."""
        for _, _, data, place in self._messages((topic,), None, None):
            yield bytes(data[:_HEAD]), (*place, len(data))

    def fetch(self, place: object) -> Buffer:
        """Return the message of a place, wherever it lies."""
        chunk, offset, length = place
        if chunk < 0:
            self._file.seek(offset)
            return self._file.read(length)
        if self._cached[0] != chunk:
            self._file.seek(chunk)
            size = struct.unpack('<Q', self._file.read(9)[1:])[0]
            record = self._file.read(min(size, self._size))
            try:
                self._cached = (chunk, unpacked(record))
            except BagError:
                self._cached = (chunk, partly_unpacked(record))  # the index says what is in it
        return self._cached[1][offset : offset + length]

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _messages(
        self,
        topics: Collection[str] | None,
        start_ns: int | None,
        end_ns: int | None,
    ) -> Iterator[tuple[str, int, Buffer, tuple[int, int]]]:
        for body, chunk, offset in self._records(start_ns, end_ns):
            if len(body) < MESSAGE_HEAD_BYTES:
                self._losses.add(
                    f'{self.path.name} is damaged: a message record of {len(body)} bytes'
                )
                continue
            channel, _, time_ns = struct.unpack_from('<HIQ', body)
            topic = self._channels.get(channel)
            if topic is None:
                self._losses.add(f'{self.path.name}: messages of a channel that is not described')
                continue
            if (
                (topics is None or topic.name in topics)
                and (start_ns is None or time_ns >= start_ns)
                and (end_ns is None or time_ns < end_ns)
            ):
                yield (
                    topic.name,
                    time_ns,
                    body[MESSAGE_HEAD_BYTES:],
                    (chunk, offset + MESSAGE_HEAD_BYTES),
                )

    def _records(
        self, start_ns: int | None, end_ns: int | None
    ) -> Iterator[tuple[Buffer, int, int]]:
        """Yield message records: body, offset of their chunk (-1 for none), offset within."""
        position = len(MAGIC)
        while True:
            self._file.seek(position)
            head = self._file.read(9)
            opcode = head[0] if head else 0
            length = struct.unpack('<Q', head[1:])[0] if len(head) == 9 else 0
            if len(head) < 9 or not 0 < opcode <= LAST_OPCODE or position + 9 + length > self._size:
                if len(head) == 9 and opcode == CHUNK:
                    # The recorder died within this chunk: what it wrote of it is still there.
                    yield from self._within(partly_unpacked(self._file.read()), position)
                resumed = next((o for o in self._indexed if o > position), None)
                if resumed is None:
                    self._losses.add(
                        f'{self.path.name} ends early: no end record after '
                        f'{position} of {self._size} bytes'
                    )
                    return
                self._losses.add(
                    f'{self.path.name} is damaged: {resumed - position} bytes at {position} skipped'
                )
                position = resumed
                continue
            if opcode == DATA_END:
                return
            if opcode == CHUNK:
                yield from self._chunk(position, length, start_ns, end_ns)
            elif opcode in (SCHEMA, CHANNEL):
                self._describe(opcode, self._file.read(length))
            elif opcode == MESSAGE:
                yield memoryview(self._file.read(length)), -1, position + 9
            position += 9 + length

    def _chunk(
        self, position: int, length: int, start_ns: int | None, end_ns: int | None
    ) -> Iterator[tuple[Buffer, int, int]]:
        known = self._whole and self._channels
        if known and (start_ns is not None or end_ns is not None):
            first, last = struct.unpack('<QQ', self._file.read(16))
            if (start_ns is not None and last < start_ns) or (
                end_ns is not None and first >= end_ns
            ):
                return
            self._file.seek(position + 9)
        try:
            data = unpacked(self._file.read(length))
        except BagError as error:
            self._losses.add(f'{self.path.name}: {error} (chunk at byte {position})')
            return
        yield from self._within(data, position)

    def _within(self, data: Buffer, chunk: int) -> Iterator[tuple[Buffer, int, int]]:
        """Yield the message records of a chunk's content, as far as it is a row of records."""
        offset = 0
        while offset < len(data):
            opcode, length = 0, 0
            if offset + 9 <= len(data):
                opcode, length = struct.unpack_from('<BQ', data, offset)
            body = data[offset + 9 : offset + 9 + length]
            if not 0 < opcode <= LAST_OPCODE or len(body) < length:
                self._losses.add(
                    f'{self.path.name} is damaged: {len(data) - offset} of '
                    f'{len(data)} bytes are lost of the chunk at byte {chunk}'
                )
                return
            if opcode == MESSAGE:
                yield body, chunk, offset + 9
            elif opcode in (SCHEMA, CHANNEL):
                self._describe(opcode, bytes(body))
            offset += 9 + length

    def _describe(self, opcode: int, body: bytes) -> None:
        try:
            if opcode == SCHEMA:
                key = struct.unpack_from('<H', body)[0]
                name, at = text(body, 2)
                _, at = text(body, at)
                length = struct.unpack_from('<I', body, at)[0]
                definition = body[at + 4 : at + 4 + length]
                self._schemas[key] = (name, definition.decode('utf-8', 'replace'))
                return
            key, schema = struct.unpack_from('<HH', body)
            topic, at = text(body, 4)
            _, at = text(body, at)
            about = texts(body, at)
        except (struct.error, UnicodeDecodeError) as error:
            self._losses.add(f'{self.path.name}: a topic cannot be read: {error}')
            return
        kind, definition = self._schemas.get(schema, ('', ''))
        self._channels[key] = Topic(
            topic,
            kind,
            definition,
            about.get('topic_type_hash', ''),
            about.get('offered_qos_profiles', ''),
        )

    def _read_summary(self) -> bool:
        """Read topics and chunk offsets from the file's end; False if the end is missing."""
        if self._size < len(MAGIC) + FOOTER_BYTES:
            return False
        self._file.seek(-FOOTER_BYTES, 2)
        footer = self._file.read()
        if footer[-8:] != MAGIC or footer[:1] != b'\x02':
            return False
        position = struct.unpack_from('<Q', footer, 9)[0]
        end = self._size - FOOTER_BYTES
        if not 0 < position < end:
            return True
        while position + 9 <= end:
            self._file.seek(position)
            opcode, length = struct.unpack('<BQ', self._file.read(9))
            if position + 9 + length > end:
                return False
            if opcode in (SCHEMA, CHANNEL):
                self._describe(opcode, self._file.read(length))
            elif opcode == CHUNK_INDEX:
                self._indexed.append(struct.unpack('<QQQ', self._file.read(24))[2])
            elif opcode == STATISTICS:
                with suppress(struct.error):  # then nothing is promised
                    self._counted = channel_counts(self._file.read(length))
            position += 9 + length
        self._indexed.sort()
        return True
