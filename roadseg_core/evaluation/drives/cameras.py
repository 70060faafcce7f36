"""Find the topics of a bag that are cameras."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from rosbags.typesys import Stores, get_typestore

from roadseg_core.bags.cdr import type_digest
from roadseg_core.bags.message_types import IMAGE_TYPES
from roadseg_core.bags.records import BagError, Topic

# Last parts of the names of topics that hold no picture of the world.
_NO_CAMERAS = re.compile(
    r'(label|labels|label_map|mask|road_mask|confidence|overlay|depth|disparity|segmentation|'
    r'semantic|instance|compressedDepth|theora)'
)
_PLAIN_PARTS = frozenset(
    ' camera cameras sensing sensors sensor image image_raw image_color image_rect '
    'image_rect_color image_mono compressed raw color rgb'.split(' ')
)


@dataclass(frozen=True)
class Camera:
    """A camera of a bag."""

    name: str
    topic: str
    type: str


def find_cameras(
    topics: dict[str, Topic], named: dict[str, str], truth_topics: Collection[str]
) -> tuple[tuple[Camera, ...], tuple[str, ...]]:
    """
    Find the cameras among a bag's topics.

    Without names, a camera is an image topic whose name does not say that it holds something
    else (labels, depth, ...), and that is no truth; of a raw topic and its compressed copy the
    raw one. It is named by the part of its topic that tells it from others.

    :param named: topic by camera; empty to find them
    :returns: the cameras by name, and notes on topics left out
    :raises BagError: if there is none, or a named topic is missing or holds no images
    """
    if named:
        return tuple(
            Camera(name, topic, _image_type(topics, topic)) for name, topic in sorted(named.items())
        ), ()
    images = {name: topic for name, topic in sorted(topics.items()) if topic.type in IMAGE_TYPES}
    notes = []
    found = []
    for name in images:
        raw = name.removesuffix('/compressed')
        if name in truth_topics:
            continue
        if _holds_no_picture(name):
            notes.append(f'{name} is not taken for a camera')
        elif raw != name and raw in images:
            notes.append(f'{name} is a copy of {raw}')
        else:
            found.append(name)
    if not found:
        held = '; '.join(f'{topic.name} ({topic.type})' for topic in topics.values())
        raise BagError(
            f'no camera: no topic of {" or ".join(IMAGE_TYPES)} that looks like one; '
            f'it holds {held or "nothing"}; name one by --camera NAME=TOPIC'
        )
    for name in found:
        _check_definition(topics[name])
    names = _names(found)
    return tuple(
        sorted(
            (Camera(names[topic], topic, images[topic].type) for topic in found),
            key=lambda camera: camera.name,
        )
    ), tuple(notes)


def _holds_no_picture(topic: str) -> bool:
    parts = [part for part in topic.split('/') if part not in ('', 'compressed', 'image_raw')]
    return 'depth' in parts or bool(parts and _NO_CAMERAS.fullmatch(parts[-1]))


def _image_type(topics: dict[str, Topic], name: str) -> str:
    held = '; '.join(sorted(f'{topic.name} ({topic.type})' for topic in topics.values()))
    topic = topics.get(name)
    if topic is None:
        raise BagError(f'no topic {name}; the bag holds {held or "nothing"}')
    if topic.type not in IMAGE_TYPES:
        raise BagError(
            f'{name} is of type {topic.type}; expected {" or ".join(IMAGE_TYPES)}; '
            f'the bag holds {held}'
        )
    _check_definition(topic)
    return topic.type


def _check_definition(topic: Topic) -> None:
    """Refuse an image type that shares only its name with ROS's."""
    known = get_typestore(Stores.ROS2_HUMBLE).hash_rihs01(topic.type)
    found = type_digest(topic)
    if found and found != known:
        raise BagError(
            f'{topic.name}: its {topic.type} is defined otherwise than in ROS '
            f'({found[:15]}...; expected {known[:15]}...); the bag must be converted'
        )


def _names(topics: list[str]) -> dict[str, str]:
    """Name each topic by the parts that are not common words; by all of it where that clashes."""
    short = {
        topic: '_'.join(part for part in topic.split('/') if part not in _PLAIN_PARTS)
        for topic in topics
    }
    count = Counter(short.values())
    names = {
        topic: _safe(name if name and count[name] == 1 else topic.strip('/').replace('/', '_'))
        for topic, name in short.items()
    }
    taken: set[str] = set()
    for topic, name in names.items():
        # /a/b and /a_b are one name however long it is.
        number = 1
        while names[topic] in taken:
            number += 1
            names[topic] = f'{name}_{number}'
        taken.add(names[topic])
    return names


def _safe(name: str) -> str:
    plain = re.sub(r'\W', '_', name)
    return plain if plain[:1].isalpha() else f'camera_{plain}'
