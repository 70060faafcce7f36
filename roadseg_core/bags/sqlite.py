"""Read an sqlite3 file of a bag, row by row where it is damaged."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Collection, Iterator
from pathlib import Path
from urllib.parse import quote

from roadseg_core.bags.records import BagError, BagMessage, Buffer, Losses, Topic

_HEAD = 64
_GIVE_UP = 2000
"""After this many unreadable rows in succession, the table is taken to have ended."""


class SqliteFile:
    """
    Read one file; never written to.

    :param losses: takes what cannot be read
    :param expected: messages that the bag's metadata promise; 0 if unknown
    :raises BagError: if it is no bag's database
    """

    def __init__(self, path: Path, losses: Losses, *, expected: int = 0) -> None:
        self.path = path
        self._losses = losses
        # A row takes eight bytes at least.
        self._expected = min(expected, path.stat().st_size // 8)
        # A journal beside it needs reading; otherwise nothing but this file may be touched.
        journal = path.with_name(f'{path.name}-wal').exists()
        uri = f'file:{quote(str(path.resolve()))}?mode=ro{"" if journal else "&immutable=1"}'
        try:
            self._database = sqlite3.connect(uri, uri=True, check_same_thread=False)
        except sqlite3.Error as error:
            raise BagError(f'{path} cannot be opened: {error}') from error
        self._cut_off = not journal and self._ends_early()
        try:
            # Without it sqlite refuses a file that ends early, whatever is left of it.
            self._database.execute('PRAGMA writable_schema = ON')
            self._database.execute('PRAGMA trusted_schema = OFF')
            self._topics = self._read_topics()
        except sqlite3.Error as error:
            self._database.close()
            raise BagError(
                f'{path} is no bag, or too damaged: {error}; a bag of sqlite3 has the '
                'tables topics and messages'
            ) from error

    def topics(self) -> dict[str, Topic]:
        """Return the topics by name."""
        return {topic.name: topic for topic in self._topics.values()}

    def counts(self) -> dict[str, int]:
        """Return {}: a database does not say how many messages there should be."""
        return {}

    def start_ns(self) -> int | None:
        """Return the time of the earliest message, None if there is none."""
        try:
            return self._database.execute('SELECT min(timestamp) FROM messages').fetchone()[0]
        except sqlite3.Error:
            return next((message.time_ns for message in self.messages(None, None, None)), None)

    def messages(
        self, topics: Collection[str] | None, start_ns: int | None, end_ns: int | None
    ) -> Iterator[BagMessage]:
        """Yield the messages of some topics (None: of all) in the order of time."""
        ids = self._ids(topics)
        where, values = self._where(ids, start_ns, end_ns)
        last = (-1 << 63, -1)
        try:
            rows = self._database.execute(
                f'SELECT id, topic_id, timestamp, data FROM messages {where} '
                'ORDER BY timestamp, id',
                values,
            )
            for row, topic, time_ns, data in rows:
                last = (time_ns, row)
                if not isinstance(data, bytes) or (self._cut_off and not time_ns):
                    continue  # sqlite takes zeros for what is missing of the last page
                yield BagMessage(self._topics[topic].name, time_ns, data)
        except sqlite3.Error as error:
            self._losses.add(f'{self.path.name} is damaged: {error}')
            yield from self._salvaged(ids, start_ns, end_ns, last)

    def index(self, topic: str) -> Iterator[tuple[Buffer, object]]:
        """Yield the beginning of each message of a topic, and its place."""
        where, values = self._where(self._ids((topic,)), None, None)
        try:
            for head, row in self._database.execute(
                f'SELECT substr(data, 1, {_HEAD}), id FROM messages {where}', values
            ):
                if isinstance(head, bytes):
                    yield head, row
        except sqlite3.Error as error:
            self._losses.add(f'{self.path.name} is damaged: {error}')

    def fetch(self, place: object) -> Buffer:
        """
        Return the message of a place.

        :raises BagError: if it is damaged
        """
        try:
            found = self._database.execute(
                'SELECT data FROM messages WHERE id = ?', (place,)
            ).fetchone()
        except sqlite3.Error as error:
            raise BagError(f'{self.path.name}: message {place} cannot be read: {error}') from error
        if found is None or not isinstance(found[0], bytes):
            raise BagError(f'{self.path.name}: message {place} cannot be read: it is not there')
        return found[0]

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _ends_early(self) -> bool:
        """Compare the file's size with the number of pages that its header tells."""
        with self.path.open('rb') as file:
            header = file.read(100)
        size = self.path.stat().st_size
        if len(header) < 100 or header[24:28] != header[92:96]:
            return False  # no database, or one whose header does not tell
        page = struct.unpack_from('>H', header, 16)[0]
        expected = (65536 if page == 1 else page) * struct.unpack_from('>I', header, 28)[0]
        if size < expected:
            self._losses.add(f'{self.path.name} ends early: {size} of {expected} bytes')
        return size < expected

    def _read_topics(self) -> dict[int, Topic]:
        definitions: dict[str, str] = {}
        # Views and virtual tables have no root page: what they give, and how long, is not the
        # file's size.
        tables = {
            name
            for (name,) in self._database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0"
            )
        }
        if not {'topics', 'messages'} <= tables:
            raise sqlite3.DatabaseError(f'it has the tables {", ".join(sorted(tables)) or "none"}')
        for table in ('topics', 'messages'):
            columns = self._database.execute(f'PRAGMA table_xinfo({table})')
            if any(column[6] > 1 for column in columns):  # of any length, from no bytes at all
                raise sqlite3.DatabaseError(f'the table {table} computes its columns')
        if 'message_definitions' in tables:
            try:
                definitions = dict(
                    self._database.execute(
                        'SELECT topic_type, encoded_message_definition FROM message_definitions'
                    )
                )
            except sqlite3.Error as error:
                self._losses.add(f'{self.path.name}: message definitions are damaged: {error}')
        columns = {row[1] for row in self._database.execute('PRAGMA table_info(topics)')}
        digest = 'type_description_hash' if 'type_description_hash' in columns else "''"
        qos = 'offered_qos_profiles' if 'offered_qos_profiles' in columns else "''"
        return {
            number: Topic(
                name or '', kind or '', definitions.get(kind, ''), hashed or '', offered or ''
            )
            for number, name, kind, hashed, offered in self._database.execute(
                f'SELECT id, name, type, {digest}, {qos} FROM topics'
            )
        }

    def _ids(self, topics: Collection[str] | None) -> tuple[int, ...]:
        return tuple(
            number
            for number, topic in self._topics.items()
            if topics is None or topic.name in topics
        )

    @staticmethod
    def _where(
        ids: tuple[int, ...], start_ns: int | None, end_ns: int | None
    ) -> tuple[str, list[int]]:
        parts = [f'topic_id IN ({", ".join("?" * len(ids))})']
        values = [*ids]
        for bound, sign in ((start_ns, '>='), (end_ns, '<')):
            if bound is not None:
                parts.append(f'timestamp {sign} ?')
                values.append(bound)
        return f'WHERE {" AND ".join(parts)}', values

    def _salvaged(
        self, ids: tuple[int, ...], start_ns: int | None, end_ns: int | None, last: tuple[int, int]
    ) -> Iterator[BagMessage]:
        """Yield the rows after ``last`` (time, row) that still read, each asked for by itself."""
        failed = row = 0
        while failed < _GIVE_UP or row <= self._expected:
            row += 1
            try:
                found = self._database.execute(
                    'SELECT topic_id, timestamp, data FROM messages WHERE id = ?', (row,)
                ).fetchone()
            except sqlite3.Error:
                found = None
            if found is None:
                failed += 1
                continue
            failed = 0
            topic, time_ns, data = found
            if self._cut_off and not time_ns:
                continue
            if (
                topic in ids
                and isinstance(data, bytes)
                and (time_ns, row) > last
                and (start_ns is None or time_ns >= start_ns)
                and (end_ns is None or time_ns < end_ns)
            ):
                yield BagMessage(self._topics[topic].name, time_ns, data)
