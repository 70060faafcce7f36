"""Hold what is read from a bag: topics, messages, and losses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

Buffer = bytes | memoryview


class SourceError(Exception):
    """A source of frames that cannot be read; the message says found, expected and the fix."""


class BagError(SourceError):
    """A bag, or a part of one, that cannot be read."""


def believable(messages: int, file_bytes: int) -> bool:
    """Tell whether files of this size in bytes, perhaps compressed, can hold this many messages."""
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
