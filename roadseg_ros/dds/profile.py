"""The Fast DDS profile of large images, set before this process makes a ROS context."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from pathlib import Path

from roadseg_core.files import shipped_profile
from roadseg_core.machine import tune_malloc, versions
from roadseg_core.shared_memory import (
    SharedMemory,
    mapped_segments,
    remove_dead_segments,
    shared_memory_problem,
)

PROFILE_VARIABLES = ('FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE')
"""Fast DDS 3 (Kilted) reads the first, Fast DDS 2 (Humble, Jazzy) the second."""

_FAST_DDS_2 = ('humble', 'iron', 'jazzy')


def prepare_process() -> None:
    """
    Let this process and its children send and receive large images; before any ROS context.

    Without the profile a message above half a megabyte goes in fragments by UDP, and best effort
    loses most of them. What the user has set stays, even an empty value.
    """
    tune_malloc()
    remove_dead_segments()
    os.environ.update(added_environment(os.environ, shipped_profile()))


def images_problem(memory: SharedMemory | None, *, senders: int) -> str | None:
    """
    Return why large images may not get through shared memory, and what to do; None if they will.

    :param memory: the space of /dev/shm before this process made its ROS context
    :param senders: how many processes send images to this one, or receive its images
    """
    profile = profile_in_use(os.environ, shipped_profile())
    if profile is None:
        return None
    try:
        return shared_memory_problem(segment_bytes(profile), memory, senders=senders)
    except ValueError as error:
        return str(error)


def transport_problem() -> str | None:
    """
    Return what is wrong with the shared memory of this process's ROS context; None if it has it.

    Fast DDS takes its segment when the context is made, or does without it as long as that lives.
    """
    profile = profile_in_use(os.environ, shipped_profile())
    if profile is None:
        return None
    try:
        segment = segment_bytes(profile)
    except ValueError as error:
        return str(error)
    if mapped_segments() >= segment:
        return None
    return (
        'images go by UDP, and large ones are lost: Fast DDS could not take the '
        f'{segment >> 20} MiB of /dev/shm that {profile} asks for; make room there and start '
        'the node again'
    )


def profile_in_use(environment: Mapping[str, str], shipped: Path) -> Path | None:
    """
    Return the Fast DDS profile a process will load: the user's own, ours, or None.

    A variable that is set, even to nothing, is the user's choice, as is
    FASTDDS_BUILTIN_TRANSPORTS, which our profile would override.
    """
    # Fast DDS is the default of every distribution from Humble on.
    if not (environment.get('RMW_IMPLEMENTATION') or 'rmw_fastrtps').startswith('rmw_fastrtps'):
        return None
    own = [environment[name] for name in PROFILE_VARIABLES if name in environment]
    if own:
        path = next((text for text in own if text), '')
        return Path(path.removeprefix('file://')) if path else None
    return None if 'FASTDDS_BUILTIN_TRANSPORTS' in environment else shipped


def added_environment(environment: Mapping[str, str], shipped: Path) -> dict[str, str]:
    """Return the variables that name our profile; none where the user has chosen."""
    chosen = any(name in environment for name in PROFILE_VARIABLES)
    if chosen or profile_in_use(environment, shipped) is None:
        return {}
    # Named twice, a file behind a symbolic link is two files to Fast DDS, with one profile.
    return dict.fromkeys(_variables_read(environment), str(shipped.resolve()))


def _variables_read(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the variables that this ROS reads: Fast DDS 3 warns of the older one."""
    distribution = environment.get('ROS_DISTRO')
    if distribution:
        is_fast_dds_2 = distribution in _FAST_DDS_2
    else:
        # Without a distribution, ROS is the wheels of PyPI: Jazzy's rclpy is 7.1, Kilted's 9.1.
        wheels = versions(['ros-rclpy']).get('ros-rclpy')
        if wheels is None:
            return PROFILE_VARIABLES
        is_fast_dds_2 = wheels.startswith('7.')
    return PROFILE_VARIABLES[1:] if is_fast_dds_2 else PROFILE_VARIABLES[:1]


def segment_bytes(profile: Path) -> int:
    """
    Return the largest shared memory segment_size of a Fast DDS profile; 0 if it names none.

    ValueError where the file cannot be read as XML.
    """
    try:
        root = ElementTree.parse(profile).getroot()
    except (OSError, ElementTree.ParseError) as error:
        raise ValueError(f'Fast DDS profile {profile} cannot be read: {error}') from error
    sizes = [
        (element.text or '').strip()
        for element in root.iter()
        if element.tag.rpartition('}')[2] == 'segment_size'
    ]
    return max((int(size) for size in sizes if size.isdigit()), default=0)
