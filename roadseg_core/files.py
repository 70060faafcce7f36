"""Files: where the shipped ones lie, and how others are written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

DEFAULT_MODEL = 'mobilenet_fcn_0.5.onnx'

RECORDING_SUFFIXES = ('.mp4', '.avi', '.mkv', '.mov', '.webm', '.mcap', '.db3', '.bag')
"""Of videos and bags, as far as a name tells."""


@contextmanager
def write_atomically(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """
    Yield a temporary path, and give the file that is written there the name ``path``.

    Others see the old file or the whole new one, even after a loss of power if ``durable``. A
    block that fails, or writes nothing, leaves what is there as it is. Folders that are missing
    are made.

    :raises OSError: if the file cannot be written
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # With the suffix of the file: some writers go by it.
    temporary = path.with_name(f'.{path.stem}.{uuid4().hex[:8]}{path.suffix}')
    try:
        yield temporary
        if temporary.exists():
            if durable:
                with temporary.open('rb') as file:
                    os.fsync(file.fileno())
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, content: dict[str, object]) -> None:
    """
    Write a JSON file as :func:`write_atomically` does.

    :raises OSError: if it cannot be written
    """
    with write_atomically(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + '\n', encoding='utf-8')


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open('rb') as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def user_cache() -> Path:
    """Return the project's folder in the user's cache."""
    return Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache') / 'roadseg'


def take_folder(folder: Path, program: str) -> None:
    """
    Make the output folder of a program, or take one that is empty or that it made.

    :raises FileExistsError: if the folder holds files of others
    """
    mark = folder / f'.{program}'
    if not mark.exists() and folder.is_dir() and any(folder.iterdir()):
        raise FileExistsError(
            f'{folder} holds files that no {program} wrote; name another folder by --output'
        )
    folder.mkdir(parents=True, exist_ok=True)
    mark.touch()


def written_by_others(path: Path) -> str:
    """
    Say who else can write a file or folder: what is run from it could be theirs.

    :returns: such as ``everybody``; empty where only this user and root can, or nothing is there
    """
    try:
        status = path.stat()
    except OSError:
        return ''
    if status.st_uid not in (0, os.geteuid()):
        return f'its owner, the user {status.st_uid}'
    if status.st_mode & stat.S_IWOTH:
        return 'everybody'
    # Many systems give each user a group of its own, and let it write what the user does.
    if status.st_mode & stat.S_IWGRP and status.st_gid not in (0, os.geteuid()):
        return f'its group {status.st_gid}'
    return ''


def share_directory() -> Path:
    """Return the folder of ``config`` and ``models``: the source tree, or an installed share."""
    return next(_share_directories(), Path(__file__).resolve().parents[1])


def config_folder(name: str) -> Path | None:
    """
    Find a folder of ``config``.

    :param name: such as ``label_maps``
    :returns: the folder, None if there is none
    """
    for share in _share_directories():
        if (share / 'config' / name).is_dir():
            return share / 'config' / name
    return None


def find_config(folder: str, name: str | Path, error: type[ValueError]) -> Path:
    """
    Find a YAML file by its name in a folder of ``config``, or by its path.

    :param folder: such as ``label_maps``
    :param error: is raised if there is none, with the names that there are
    """
    files = (config_folder(folder) or Path(os.devnull)).glob('*.yaml')
    shipped = {file.stem: file for file in sorted(files)}
    path = shipped.get(str(name), Path(name).expanduser())
    if not path.is_file():
        known = (
            ', '.join(shipped) or f'config/{folder}, which is not here: install the package anew'
        )
        raise error(f'{name}: no such file; expected a YAML file, or one of {known}')
    return path


def default_model() -> Path:
    """Return the model file that is used unless another is named."""
    return share_directory() / 'models' / DEFAULT_MODEL


def shipped_profile() -> Path:
    """Return the Fast DDS profile for large images."""
    return share_directory() / 'config' / 'fastdds_images.xml'


def _share_directories() -> Iterator[Path]:
    parents = Path(__file__).resolve().parents
    # The source tree is two levels up; an installation has share/ beside lib/.
    for folder in (parents[1], *(parent / 'share' / 'roadseg_ros' for parent in parents)):
        if (folder / 'config').is_dir():
            yield folder
