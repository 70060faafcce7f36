"""What a bag's result depends on, in one number: a result of something else is never taken."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from roadseg_core.data.label_sets import find_label_map
from roadseg_core.engines import EngineDescription
from roadseg_core.evaluation.drives.truth import truth_root
from roadseg_core.evaluation.settings.settings import Settings, Truth

_ROOT = Path(__file__).resolve().parents[3]
_PACKAGES = (
    'numpy',
    'onnxruntime',
    'opencv-python-headless',
    'openvino',
    'rosbags',
    'tensorrt',
    'torch',
)
_NOT_PART_OF_A_RESULT = ('bags', 'output', 'conditions', 'cache_dir')
_CODE_BESIDE = (
    'roadseg_core/benchmarking',
    'roadseg_core/budget',
    'roadseg_core/commands',
    'roadseg_core/data',
    'roadseg_core/evaluation',
    'roadseg_core/rendering',
)
"""Packages that no evaluation of a bag runs."""

_PIECE = 1 << 16


class Fingerprints:
    """
    Make fingerprints of the bags of one evaluation.

    :param model: the model file that will be used
    :param engine: what runs it: 'auto' is another thing on another machine
    :raises OSError: if the model, or the truth's label map, cannot be read
    """

    def __init__(self, settings: Settings, *, model: Path, engine: EngineDescription) -> None:
        self._truth = settings.truth
        self._truth_states: dict[Path, str] = {}
        self._shared = (
            _file_digest(model),
            f'{engine.backend} {engine.device} {engine.precision} {engine.version}',
            settings_state(settings),
            label_map_state(settings.truth),
            code_state(),
        )

    def of(self, bag: Path) -> str:
        """
        Return the fingerprint of one bag's evaluation: SHA-256, hexadecimal.

        Of the bag it takes names, sizes, times of change and both ends of every file, not all of
        its bytes: bags are large, and reading them is most of the work. Of the images of a truth
        folder it takes names, sizes and times.

        :raises OSError: if the bag or the truth cannot be read
        """
        digest = hashlib.sha256()
        for part in (bag_state(bag), *self._shared, self._truth_state(bag)):
            digest.update(part.encode())
            digest.update(b'\0')
        return digest.hexdigest()

    def _truth_state(self, bag: Path) -> str:
        if self._truth.folder is None:
            return ''
        folder = truth_root(self._truth.folder, bag)
        if folder not in self._truth_states:
            self._truth_states[folder] = folder_state(folder)
        return self._truth_states[folder]


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


def folder_state(folder: Path) -> str:
    """Return what tells the files of a folder, and of those in it, from changed ones."""
    state = [str(folder.resolve())]
    for path in sorted(folder.rglob('*')):
        if path.is_file():
            about = path.stat()
            state.append(f'{path.relative_to(folder)} {about.st_size} {about.st_mtime_ns}')
    return '\n'.join(state)


def label_map_state(truth: Truth) -> str:
    """
    Return the label map that says what the truth's ids mean, '' where it is the model's.

    :raises LabelMapError: if there is no such map
    """
    return json.dumps(find_label_map(truth.label_map).to_dict()) if truth.label_map else ''


def settings_state(settings: Settings) -> str:
    """Return the settings that a bag's result depends on."""
    values = {
        entry.name: getattr(settings, entry.name)
        for entry in fields(settings)
        if entry.name not in _NOT_PART_OF_A_RESULT
    }
    # Where the folder is, and what is in it, is in the state of the folder.
    values['truth'] = {**vars(settings.truth), 'folder': ''}
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
