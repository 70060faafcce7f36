"""Which Fast DDS profile and memory settings the node gets from seg.launch.py."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from pathlib import Path

PROFILE_VARIABLES = ('FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE')
"""Fast DDS 3 (Kilted) reads the first, Fast DDS 2 (Humble, Jazzy) the second."""

_FAST_DDS_2 = ('humble', 'iron', 'jazzy')

MALLOC_VARIABLES = {
    'MALLOC_MMAP_THRESHOLD_': str(32 << 20),
    'MALLOC_TRIM_THRESHOLD_': str(512 << 20),
}
"""Keep image buffers in the heap: otherwise each large message is mapped and unmapped."""


def fast_dds_in_use(environment: Mapping[str, str]) -> bool:
    """Say whether the node will run on Fast DDS, the default of Humble to Kilted."""
    rmw = environment.get('RMW_IMPLEMENTATION', '')
    return not rmw or rmw.startswith('rmw_fastrtps')


def profile_in_use(environment: Mapping[str, str], shipped: Path) -> Path | None:
    """
    Return the Fast DDS profile the node will load: the user's own, ours, or None.

    A variable that is set, be it empty, is the user's choice, as is
    FASTDDS_BUILTIN_TRANSPORTS, which our profile would override.
    """
    if not fast_dds_in_use(environment):
        return None
    own = [environment[name] for name in PROFILE_VARIABLES if name in environment]
    if own:
        path = next((text for text in own if text), '')
        return Path(path.removeprefix('file://')) if path else None
    return None if 'FASTDDS_BUILTIN_TRANSPORTS' in environment else shipped


def added_environment(environment: Mapping[str, str], shipped: Path) -> dict[str, str]:
    """Return the variables to add to the node's environment; never one the user has set."""
    added = {name: value for name, value in MALLOC_VARIABLES.items() if name not in environment}
    if profile_in_use(environment, shipped) == shipped and not any(
        name in environment for name in PROFILE_VARIABLES
    ):
        # Named twice, a file behind a symbolic link is two files to Fast DDS, with one profile.
        added.update(dict.fromkeys(_variables_read(environment), str(shipped.resolve())))
    return added


def _variables_read(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the variables that this ROS reads: Fast DDS 3 warns of the older one."""
    distribution = environment.get('ROS_DISTRO')
    if not distribution:
        return PROFILE_VARIABLES
    return PROFILE_VARIABLES[1:] if distribution in _FAST_DDS_2 else PROFILE_VARIABLES[:1]


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
