"""Read a whole bag: its files one after another, decompressed on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from roadseg_core.bags.compression import ZSTD_MAGIC, decompress, unpack_file
from roadseg_core.bags.layout import BagLayout, read_layout, storage_of
from roadseg_core.bags.mcap import McapFile
from roadseg_core.bags.message_types import full_type
from roadseg_core.bags.records import BagError, BagMessage, Buffer, Losses, Topic
from roadseg_core.bags.sqlite import SqliteFile

Storage = McapFile | SqliteFile
"""One file of a bag; what reads it raises OSError where the disk does."""


class BagReader:
    """
    Read a bag, as far as it can be read; use it as a context.

    :param path: the bag's folder, or one of its files alone
    :param scratch: where compressed files are unpacked; None: the system's temporary folder
    :raises BagError: on entering, if nothing in it can be read
    :raises OSError: on entering, if there is no room for unpacked files
    """

    kind = 'bag'
    names = ()

    def __init__(self, path: Path, *, scratch: Path | None = None) -> None:
        self.path = path
        self.losses = Losses()
        self._scratch = scratch
        self._stack = ExitStack()
        self._storages: list[Storage] = []
        self._files: tuple[Path, ...] | None = None
        self.topics: dict[str, Topic] = {}

    def __enter__(self) -> BagReader:
        """Open the bag's files."""
        try:
            self._open()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Close the bag's files."""
        self._stack.close()

    @property
    def notes(self) -> tuple[str, ...]:
        """Say what was made up for."""
        return self._layout.notes

    @property
    def counts(self) -> dict[str, int]:
        """Return the messages by topic that the metadata promise, or else the files do."""
        if self._layout.counts:
            return self._layout.counts
        total: Counter[str] = Counter()
        for storage in self._storages:
            total.update(storage.counts())
        return dict(total)

    def reopened(self) -> BagReader:
        """Return a second reader of the same files, to enter: each is for one thread."""
        other = BagReader(self.path)
        other._layout, other._files = self._layout, self._files
        return other

    def start_ns(self) -> int | None:
        """Return the time of the bag's first message, None if it has none."""
        if self._layout.start_ns is not None:
            return self._layout.start_ns
        starts = []
        for storage in self._storages:
            try:
                starts.append(storage.start_ns())
            except OSError as error:
                self._lose(storage, error)
        return min((start for start in starts if start is not None), default=None)

    def messages(
        self,
        topics: Collection[str] | None = None,
        *,
        start_ns: int | None = None,
        end_ns: int | None = None,
    ) -> Iterator[BagMessage]:
        """
        Yield the messages of some topics (None: of all), file after file.

        :param start_ns: least time of recording, or None
        :param end_ns: messages from this time on are left out, or None
        """
        for storage in self._storages:
            try:
                for message in storage.messages(topics, start_ns, end_ns):
                    data = self._unpacked(message.data, message.topic)
                    if data is not None:
                        yield message._replace(data=data)
            except OSError as error:
                self._lose(storage, error)

    def index(self, topic: str) -> Iterator[tuple[Buffer, object]]:
        """Yield the beginning (64 bytes or more) of each message, and where it is found."""
        for number, storage in enumerate(self._storages):
            try:
                for head, place in storage.index(topic):
                    if self._is_packed(head):
                        head = self._unpacked(storage.fetch(place), topic)
                    if head is not None:
                        yield head, (number, place)
            except OSError as error:
                self._lose(storage, error)

    def fetch(self, place: object) -> Buffer:
        """
        Return the message of a place that :meth:`index` gave.

        :raises BagError: if it is damaged
        """
        number, inner = place
        try:
            data = self._unpacked(self._storages[number].fetch(inner), 'a message')
        except OSError as error:
            raise BagError(f'{self.path}: a message cannot be read: {error.strerror}') from error
        if data is None:
            raise BagError(f'{self.path}: a message is damaged')
        return data

    def _open(self) -> None:
        if self._files is None:
            self._layout = read_layout(self.path)
            self._files = self._unpacked_files(self._layout)
        for name in self._layout.missing:
            self.losses.add(f'{name} is missing')
        expected = sum(self._layout.counts.values())
        problems = []
        for file in self._files:
            try:
                storage = (
                    McapFile(file, self.losses)
                    if storage_of(file) == 'mcap'
                    else SqliteFile(file, self.losses, expected=expected)
                )
                self._stack.callback(storage.close)
                topics = storage.topics()
            except BagError as error:
                problems.append(str(error))
                continue
            except OSError as error:
                problems.append(f'{file} cannot be read: {error.strerror or error}')
                continue
            self._storages.append(storage)
            for name, topic in topics.items():
                self.topics.setdefault(name, replace(topic, type=full_type(topic.type)))
        if not self._storages:
            raise BagError('; '.join((*problems, *self.losses.described)))
        for problem in problems:
            self.losses.add(problem)

    def _lose(self, storage: Storage, error: OSError) -> None:
        self.losses.add(
            f'{storage.path.name} cannot be read any further: {error.strerror or error}'
        )

    def _unpacked_files(self, layout: BagLayout) -> tuple[Path, ...]:
        if not layout.packed_files:
            return layout.files
        folder = Path(
            self._stack.enter_context(TemporaryDirectory(prefix='bag-', dir=self._scratch))
        )
        files = []
        for file in layout.files:
            files.append(folder / file.name.removesuffix('.zstd'))
            problem = unpack_file(file, files[-1])
            if problem:
                self.losses.add(problem)
        return tuple(files)

    def _is_packed(self, data: Buffer) -> bool:
        packed = self._layout.packed_messages
        # A rebuilt bag does not say; CDR begins with 00, and zstd with its magic bytes.
        return bytes(data[:4]) == ZSTD_MAGIC if packed is None else packed

    def _unpacked(self, data: Buffer, topic: str) -> Buffer | None:
        if not self._is_packed(data):
            return data
        try:
            return decompress(data, 'zstd')
        except BagError as error:
            self.losses.add(f'{topic}: compressed messages are damaged: {error}')
            return None
