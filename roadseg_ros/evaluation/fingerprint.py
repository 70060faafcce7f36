"""What a bag's result depends on, in one number: a result of something else is never taken."""

from __future__ import annotations

from dataclasses import fields
import hashlib
from importlib.metadata import PackageNotFoundError, version
import json
from pathlib import Path

from roadseg_ros.evaluation.settings import Settings

_ROOT = Path(__file__).resolve().parents[2]
_PACKAGES = ('numpy', 'opencv-python-headless', 'openvino', 'rosbags')
_NOT_PART_OF_A_RESULT = ('bags', 'output', 'conditions', 'cache_dir')
_CODE_BESIDE = (
    'roadseg_core/benchmarking', 'roadseg_core/budget', 'roadseg_core/commands',
    'roadseg_core/data', 'roadseg_core/evaluation', 'roadseg_core/rendering',
    'roadseg_ros/demonstration')
"""Packages that no evaluation of a bag runs."""

_PIECE = 1 << 16


def fingerprint(bag: Path, settings: Settings, *, model: Path) -> str:
    """
    Return the fingerprint of one bag's evaluation: SHA-256, hexadecimal.

    Of the bag it takes names, sizes, times of change and both ends of every file, not all of its
    bytes: bags are large, and reading them is most of the work.

    :param model: the model file that will be used
    :raises OSError: if the model or the bag cannot be read
    """
    digest = hashlib.sha256()
    for part in (bag_state(bag), _file_digest(model), settings_state(settings), code_state()):
        digest.update(part.encode())
        digest.update(b'\0')
    return digest.hexdigest()


def bag_state(bag: Path) -> str:
    """Return what tells a bag from one that was changed."""
    files = sorted(path for path in bag.rglob('*') if path.is_file()) if bag.is_dir() else [bag]
    state = [str(bag.resolve())]
    for path in files:
        about = path.stat()
        digest = hashlib.sha256()
        with path.open('rb') as file:
            digest.update(file.read(_PIECE))
            file.seek(max(0, about.st_size - _PIECE))
            digest.update(file.read(_PIECE))
        state.append(f'{path.name} {about.st_size} {about.st_mtime_ns} {digest.hexdigest()}')
    return '\n'.join(state)


def settings_state(settings: Settings) -> str:
    """Return the settings that a bag's result depends on."""
    values = {entry.name: getattr(settings, entry.name) for entry in fields(settings)
              if entry.name not in _NOT_PART_OF_A_RESULT}
    values['truth'] = vars(settings.truth)
    return json.dumps(values, sort_keys=True, default=str)


def code_state() -> str:
    """Return what tells this code, and the libraries under it, from others."""
    digest = hashlib.sha256()
    for package in ('roadseg_core', 'roadseg_ros'):
        for path in sorted((_ROOT / package).rglob('*.py')):
            name = path.relative_to(_ROOT).as_posix()
            if name.startswith(tuple(f'{folder}/' for folder in _CODE_BESIDE)):
                continue
            digest.update(f'{name}\0'.encode())
            digest.update(path.read_bytes())
    return '\n'.join([digest.hexdigest(), *(f'{name} {_version(name)}' for name in _PACKAGES)])


def _file_digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open('rb') as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ''  # a distribution's package without metadata
