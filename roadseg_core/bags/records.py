"""What a bag gives: topics, messages, and what could not be read."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

Buffer = bytes | memoryview


class SourceError(Exception):
    """A source of frames that cannot be read; the message says found, expected and the fix."""


class BagError(SourceError):
    """A bag, or a part of one, that cannot be read."""


def believable(messages: int, file_bytes: int) -> bool:
    """Say whether files of so many bytes, perhaps compressed, can hold so many messages."""
    return messages <= 100 * max(file_bytes, 1 << 16)


class BagMessage(NamedTuple):
    """
    Hold one serialized message.

    :param time_ns: when it was recorded
    :param data: CDR
    :param name: the file that it was made of; '' for a message of a bag
    :param error: why there is no data; '' where there is
    """

    topic: str
    time_ns: int
    data: Buffer
    name: str = ''
    error: str = ''


@dataclass(frozen=True)
class Topic:
    """
    Describe a topic of a bag.

    :param type: such as ``sensor_msgs/msg/Image``
    :param definition: text of the type's definition; '' where the bag has none
    :param digest: the type's hash (RIHS01); '' where the bag has none
    :param qos: YAML of the QoS that its publishers offered; '' where the bag has none
    """

    name: str
    type: str
    definition: str = ''
    digest: str = ''
    qos: str = ''


@dataclass
class Losses:
    """Collect what could not be read, for people; ``described`` says it once for each cause."""

    described: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        """Note a loss."""
        if text not in self.described:
            self.described.append(text)

    def __bool__(self) -> bool:
        return bool(self.described)


class Reader(Protocol):
    """
    Read a recording, whatever it is: a bag, or a video or pictures in the form of one.

    Use it as a context, which raises :class:`SourceError` where nothing of it can be read.
    """

    path: Path
    kind: str
    topics: dict[str, Topic]
    losses: Losses

    @property
    def notes(self) -> tuple[str, ...]:
        """Say what was made up for."""

    @property
    def counts(self) -> dict[str, int]:
        """Return the messages by topic that there should be; {} if that is not known."""

    def reopened(self) -> Reader:
        """Return a second reader of the same recording, to enter: each is for one thread."""

    def start_ns(self) -> int | None:
        """Return the time of the first message, None if there is none."""

    def messages(
        self,
        topics: Collection[str] | None = None,
        *,
        start_ns: int | None = None,
        end_ns: int | None = None,
    ) -> Iterator[BagMessage]:
        """
        Yield the messages of some topics (None: of all) in the order of recording.

        :param start_ns: least time of recording, or None
        :param end_ns: messages from this time on are left out, or None
        """

    def __enter__(self) -> Reader: ...

    def __exit__(self, *_: object) -> None: ...


class Storage(Protocol):
    """One file of a bag; what reads it raises OSError where the disk does."""

    path: Path

    def topics(self) -> dict[str, Topic]:
        """Return the file's topics by name."""
        ...

    def counts(self) -> dict[str, int]:
        """Return the messages by topic that the file itself promises; {} if it does not say."""
        ...

    def start_ns(self) -> int | None:
        """Return the time of the first message, None if there is none."""
        ...

    def messages(
        self, topics: Collection[str] | None, start_ns: int | None, end_ns: int | None
    ) -> Iterator[BagMessage]:
        """
        Yield the messages of some topics (None: of all) in the order of recording.

        :param start_ns: least time of recording, or None
        :param end_ns: messages from this time on are left out, or None
        """
        ...

    def index(self, topic: str) -> Iterator[tuple[Buffer, object]]:
        """Yield each message's beginning (at most 64 bytes), and where :meth:`fetch` finds it."""
        ...

    def fetch(self, place: object) -> Buffer:
        """Return the whole message of a place."""
        ...

    def close(self) -> None:
        """Give back the file."""
        ...
