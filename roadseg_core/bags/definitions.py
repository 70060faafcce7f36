"""What a bag says of its message types."""

from __future__ import annotations

from rosbags.typesys import Stores, TypesysError, get_types_from_msg, get_typestore

from roadseg_core.bags.records import Topic


def type_digest(topic: Topic) -> str:
    """Return the hash (RIHS01) of a topic's type as the bag defines it; '' if it does not."""
    if topic.digest or not topic.definition:
        return topic.digest
    store = get_typestore(Stores.EMPTY)
    try:
        store.register(get_types_from_msg(topic.definition, topic.type))
        return store.hash_rihs01(topic.type)
    except (TypesysError, KeyError, ValueError):
        return ''  # written in IDL, or incomplete
