"""Find the files of a bag, and how they are compressed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import yaml

from roadseg_core.bags.records import BagError, believable

METADATA = 'metadata.yaml'
STORAGES = {'.mcap': 'mcap', '.db3': 'sqlite3'}
_PACKED = '.zstd'
_MOST_METADATA_BYTES = 1 << 20
_MOST_LEVELS = 50
_UNREADABLE = (
    OSError,
    yaml.YAMLError,
    RecursionError,
    LookupError,
    TypeError,
    AttributeError,
    ValueError,
)


@dataclass(frozen=True)
class BagLayout:
    """
    Say what a bag consists of.

    :param files: in the order of recording
    :param packed_files: whether the files are zstd-compressed
    :param packed_messages: whether each message is; None if that is not known
    :param counts: messages by topic, as the metadata promise; empty if nothing does
    :param start_ns: time of the first message, as the metadata say; None if unknown
    :param notes: what was made up for, for people; no loss by itself
    :param missing: files that the metadata name and that are not there
    """

    path: Path
    files: tuple[Path, ...]
    packed_files: bool
    packed_messages: bool | None
    counts: dict[str, int]
    start_ns: int | None
    notes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def read_layout(path: Path) -> BagLayout:
    """
    Find a bag's files: by its metadata of any version, or, without, by looking.

    :param path: the bag's folder, or one of its files alone
    :raises BagError: if there is no bag
    """
    if path.is_file():
        _check_suffix(path)
        return _found(path, (path,), ())
    if not path.is_dir():
        raise BagError(f'{path} does not exist; name the folder of a rosbag2 bag, or its file')
    metadata = path / METADATA
    if not metadata.is_file():
        return _rebuilt(path, f'{METADATA} is missing')
    try:
        size = metadata.stat().st_size
        if size > _MOST_METADATA_BYTES:
            raise ValueError(f'{size} bytes; expected at most {_MOST_METADATA_BYTES}')
        values = yaml.load(metadata.read_text(encoding='utf-8'), Loader=_Loader)
        return _described(path, values['rosbag2_bagfile_information'])
    except _UNREADABLE as error:
        reason = str(error).partition('\n')[0]
        return _rebuilt(path, f'{METADATA} cannot be read ({type(error).__name__}: {reason})')


class _Loader(yaml.BaseLoader):
    """Load YAML as text alone: rosbag2's own tags are not needed, and nothing is merged."""

    def fetch_flow_collection_start(self, token: type[yaml.Token]) -> None:
        """Refuse deep nesting: the time it takes grows with the square of the depth."""
        if self.flow_level > _MOST_LEVELS:
            raise yaml.YAMLError(f'it nests more than {_MOST_LEVELS} levels deep')
        super().fetch_flow_collection_start(token)


def _described(path: Path, values: dict) -> BagLayout:
    # Before version 4 paths began with the bag's folder: the last part is what counts.
    names = [PurePosixPath(name).name for name in values['relative_file_paths']]
    present = tuple(path / name for name in names if (path / name).is_file())
    missing = tuple(name for name in names if not (path / name).is_file())
    if not present:
        return _rebuilt(
            path, f'{METADATA} names {", ".join(names) or "no file"}, which is not there'
        )
    packing = values.get('compression_format') or ''
    mode = (values.get('compression_mode') or '').lower() if packing else ''
    if packing not in ('', 'zstd'):
        raise BagError(
            f"{path} is compressed by {packing!r}; expected zstd; unpack it by 'ros2 bag convert'"
        )
    start = (values.get('starting_time') or {}).get('nanoseconds_since_epoch')
    counts = {
        entry['topic_metadata']['name']: int(entry['message_count'])
        for entry in values.get('topics_with_message_count') or ()
    }
    if not believable(sum(counts.values()), sum(file.stat().st_size for file in present)):
        raise ValueError(f'{sum(counts.values())} messages are more than the files can hold')
    return BagLayout(
        path,
        present,
        mode == 'file',
        mode == 'message',
        counts,
        int(start) if start is not None and sum(counts.values()) else None,
        missing=missing,
    )


def _rebuilt(path: Path, reason: str) -> BagLayout:
    """Take the bag files of a folder in the order of the numbers in their names."""
    files = sorted(
        (file for file in path.iterdir() if _suffix(file) in STORAGES and file.is_file()),
        key=lambda file: [
            int(part) if part.isdigit() else part for part in re.split(r'(\d+)', file.name)
        ],
    )
    if not files:
        raise BagError(f'{path} is no bag: {reason}, and there is no .mcap or .db3 file')
    return _found(
        path, tuple(files), (f'{reason}; rebuilt from {", ".join(file.name for file in files)}',)
    )


def _found(path: Path, files: tuple[Path, ...], notes: tuple[str, ...]) -> BagLayout:
    packed = all(file.suffix == _PACKED for file in files)
    return BagLayout(path, files, packed, None, {}, None, notes)


def is_bag_file(path: Path) -> bool:
    """Say whether a file is a bag's by its name: one of ROS 1 too, which is refused later."""
    return path.suffix == '.bag' or _suffix(path) in STORAGES


def storage_of(file: Path) -> str:
    """Return ``mcap`` or ``sqlite3`` by the name of a bag file."""
    return STORAGES[_suffix(file)]


def _suffix(file: Path) -> str:
    return Path(file.name.removesuffix(_PACKED)).suffix


def _check_suffix(path: Path) -> None:
    if path.suffix == '.bag':
        raise BagError(
            f"{path} is a ROS 1 bag; convert it by 'rosbags-convert --src {path} "
            "--dst FOLDER' first"
        )
    if _suffix(path) not in STORAGES:
        raise BagError(f'{path} is no bag; expected a folder, or a file that ends in .mcap or .db3')
