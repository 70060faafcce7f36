"""
Read an MCAP file from its front, so that a missing end loses only what was in it.

Format: https://mcap.dev/spec. A record is an opcode, a length and a body; messages lie in chunks
or bare. The index at the end is used to find topics fast and to go on behind damage.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from mcap.opcode import Opcode
from mcap.reader import FOOTER_SIZE
from mcap.records import Channel, ChunkIndex, Footer, Schema
from mcap.writer import MCAP0_MAGIC as MAGIC

from roadseg_core.bags.mcap_records import channel_counts, chunk_content, cut_off_content, parse
from roadseg_core.bags.records import BagError, BagMessage, Buffer, Losses, Topic

_RECORD_HEAD = struct.Struct('<BQ')
_MESSAGE_HEAD = struct.Struct('<HIQQ')  # channel, sequence, time of recording, of publishing
_LAST_OPCODE = max(Opcode)
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
            body = self._file.read(min(self._record_head()[1], self._size))
            try:
                self._cached = (chunk, chunk_content(body))
            except BagError:
                self._cached = (chunk, cut_off_content(body))  # the index says what is in it
        return self._cached[1][offset : offset + length]

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _messages(
        self, topics: Collection[str] | None, start_ns: int | None, end_ns: int | None
    ) -> Iterator[tuple[str, int, Buffer, tuple[int, int]]]:
        for body, chunk, offset in self._records(start_ns, end_ns):
            if len(body) < _MESSAGE_HEAD.size:
                self._losses.add(
                    f'{self.path.name} is damaged: a message record of {len(body)} bytes'
                )
                continue
            channel, _, time_ns, _ = _MESSAGE_HEAD.unpack_from(body)
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
                    body[_MESSAGE_HEAD.size :],
                    (chunk, offset + _MESSAGE_HEAD.size),
                )

    def _records(
        self, start_ns: int | None, end_ns: int | None
    ) -> Iterator[tuple[Buffer, int, int]]:
        """Yield message records: body, offset of their chunk (-1 for none), offset within."""
        position = len(MAGIC)
        while True:
            self._file.seek(position)
            opcode, length = self._record_head()
            end = position + _RECORD_HEAD.size + length
            if not 0 < opcode <= _LAST_OPCODE or end > self._size:
                if opcode == Opcode.CHUNK:
                    # The recorder died within this chunk: what it wrote of it is still there.
                    yield from self._within(cut_off_content(self._file.read()), position)
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
            if opcode == Opcode.DATA_END:
                return
            if opcode == Opcode.CHUNK:
                yield from self._chunk(position, length, start_ns, end_ns)
            elif opcode in (Opcode.SCHEMA, Opcode.CHANNEL):
                self._describe(opcode, self._file.read(length))
            elif opcode == Opcode.MESSAGE:
                yield memoryview(self._file.read(length)), -1, position + _RECORD_HEAD.size
            position = end

    def _record_head(self) -> tuple[int, int]:
        """Read opcode and length of the next record; (0, 0) at the end of the file."""
        head = self._file.read(_RECORD_HEAD.size)
        return _RECORD_HEAD.unpack(head) if len(head) == _RECORD_HEAD.size else (0, 0)

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
            self._file.seek(position + _RECORD_HEAD.size)
        try:
            data = chunk_content(self._file.read(length))
        except BagError as error:
            self._losses.add(f'{self.path.name}: {error} (chunk at byte {position})')
            return
        yield from self._within(data, position)

    def _within(self, data: Buffer, chunk: int) -> Iterator[tuple[Buffer, int, int]]:
        """Yield the message records of a chunk's content, as far as it is a row of records."""
        offset = 0
        while offset < len(data):
            opcode, length, begin = 0, 0, offset + _RECORD_HEAD.size
            if begin <= len(data):
                opcode, length = _RECORD_HEAD.unpack_from(data, offset)
            body = data[begin : begin + length]
            if not 0 < opcode <= _LAST_OPCODE or len(body) < length:
                self._losses.add(
                    f'{self.path.name} is damaged: {len(data) - offset} of '
                    f'{len(data)} bytes are lost of the chunk at byte {chunk}'
                )
                return
            if opcode == Opcode.MESSAGE:
                yield body, chunk, begin
            elif opcode in (Opcode.SCHEMA, Opcode.CHANNEL):
                self._describe(opcode, body)
            offset = begin + length

    def _describe(self, opcode: int, body: Buffer) -> None:
        try:
            if opcode == Opcode.SCHEMA:
                schema = parse(Schema, body)
                self._schemas[schema.id] = (schema.name, str(schema.data, 'utf-8', 'replace'))
                return
            channel = parse(Channel, body)
        except BagError as error:
            self._losses.add(f'{self.path.name}: a topic cannot be read: {error}')
            return
        kind, definition = self._schemas.get(channel.schema_id, ('', ''))
        self._channels[channel.id] = Topic(
            channel.topic,
            kind,
            definition,
            channel.metadata.get('topic_type_hash', ''),
            channel.metadata.get('offered_qos_profiles', ''),
        )

    def _read_summary(self) -> bool:
        """Read topics and chunk offsets from the file's end; False if the end is missing."""
        end = self._size - FOOTER_SIZE - len(MAGIC)
        if end < len(MAGIC):
            return False
        self._file.seek(end)
        footer = self._file.read()
        if footer[-len(MAGIC) :] != MAGIC or footer[0] != Opcode.FOOTER:
            return False
        position = parse(Footer, footer[_RECORD_HEAD.size :]).summary_start
        if not 0 < position < end:
            return True
        while position + _RECORD_HEAD.size <= end:
            self._file.seek(position)
            opcode, length = self._record_head()
            position += _RECORD_HEAD.size + length
            if position > end:
                return False
            if opcode in (Opcode.SCHEMA, Opcode.CHANNEL):
                self._describe(opcode, self._file.read(length))
            elif opcode == Opcode.STATISTICS:
                self._counted = channel_counts(self._file.read(length), self._size)
            elif opcode == Opcode.CHUNK_INDEX:
                with suppress(BagError):  # then nothing goes on behind damage at that chunk
                    index = parse(ChunkIndex, self._file.read(length))
                    self._indexed.append(index.chunk_start_offset)
        self._indexed.sort()
        return True
