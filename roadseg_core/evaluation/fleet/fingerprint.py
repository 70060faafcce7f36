"""Compute a hash of everything that a bag's result depends on, for resume."""

from __future__ import annotations

import ast
import hashlib
import json
from pathlib import Path

from roadseg_core.data.label_sets import find_label_map
from roadseg_core.engines import EngineDescription
from roadseg_core.evaluation.drives.truth import truth_root
from roadseg_core.evaluation.settings.config import EvaluationConfig
from roadseg_core.evaluation.settings.sections import TruthChoice
from roadseg_core.evaluation.settings.values import EvaluationError
from roadseg_core.files import sha256_of
from roadseg_core.machine import versions

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
_SETTINGS = {'cameras', 'engine', 'range', 'truth', 'road_threshold', 'outputs'}
"""Parts of a configuration that a bag's result depends on; the model counts by its bytes."""

_ROWS = 'roadseg_core/evaluation/drives'
"""The code that makes a bag's part of the results, and all it imports."""

_PIECE = 1 << 16


def fingerprints(
    config: EvaluationConfig, *, engine: EngineDescription, model: Path
) -> dict[Path, str]:
    """
    Return the fingerprint of each bag's result, SHA-256; '' for a bag that cannot be looked at.

    Of a bag it takes names, sizes, times of change and both ends of every file, not all of its
    bytes: bags are large, and reading them is most of the work. Of the images of a truth folder it
    takes names, sizes and times.

    :param engine: what runs the model: 'auto' is another thing on another machine
    :raises EvaluationError: if the model or the truth folder cannot be read
    """
    folder = config.truth.folder
    truth_states = {'': ''}
    found = {}
    try:
        shared = (
            sha256_of(model),
            f'{engine.backend} {engine.device} {engine.precision} {engine.version}',
            settings_state(config),
            label_map_state(config.truth),
            code_state(),
        )
        for bag in config.bags:
            root = truth_root(folder, bag) if folder else ''
            if root not in truth_states:
                truth_states[root] = _files_state(root, ends=False)
            try:
                parts = (_files_state(bag, ends=True), *shared, truth_states[root])
            except OSError:
                found[bag] = ''  # its evaluation will say why
                continue
            found[bag] = hashlib.sha256('\0'.join(parts).encode()).hexdigest()
    except OSError as error:
        raise EvaluationError(f'{error.filename} cannot be read: {error.strerror}') from error
    return found


def _files_state(place: Path, *, ends: bool) -> str:
    """
    Return what tells a file, or the files of a folder and below, from changed ones.

    :param ends: whether the bytes at both ends of each file count
    """
    inside = sorted(path for path in place.rglob('*') if path.is_file())
    state = [str(place.resolve())]
    for path in inside if place.is_dir() else [place]:
        about = path.stat()
        digest = hashlib.sha256()
        if ends:
            with path.open('rb') as file:
                digest.update(file.read(_PIECE))
                file.seek(max(0, about.st_size - _PIECE))
                digest.update(file.read(_PIECE))
        name = path.relative_to(place).as_posix()
        state.append(f'{name} {about.st_size} {about.st_mtime_ns} {digest.hexdigest()}')
    return '\n'.join(state)


def label_map_state(truth: TruthChoice) -> str:
    """
    Return the label map that says what the truth's ids mean, '' where it is the model's.

    :raises LabelMapError: if there is no such map
    """
    return json.dumps(find_label_map(truth.label_map).to_dict()) if truth.label_map else ''


def settings_state(config: EvaluationConfig) -> str:
    """Return the settings that a bag's result depends on."""
    values = config.model_dump(mode='json', include=_SETTINGS)
    # Where the folder is, and what is in it, is in the state of the folder.
    values['truth']['folder'] = ''
    return json.dumps(values, sort_keys=True)


def code_state(root: Path = _ROOT) -> str:
    """
    Return what tells the code that makes rows, and the libraries under it, from others.

    :param root: the folder of the project's packages
    """
    digest = hashlib.sha256()
    for path, content in sorted(_sources(root).items()):
        digest.update(f'{path.relative_to(root).as_posix()}\0'.encode())
        digest.update(content)
    return f'{digest.hexdigest()}\n{versions(_PACKAGES)}'


def _sources(root: Path) -> dict[Path, bytes]:
    """Return the files of the code that makes rows, and of all that it imports here."""
    found: dict[Path, bytes] = {}
    waiting = sorted((root / _ROWS).glob('*.py'))
    while waiting:
        path = waiting.pop()
        if path in found or not path.is_file():
            continue
        found[path] = path.read_bytes()
        waiting.append(path.with_name('__init__.py'))
        for node in ast.walk(ast.parse(found[path])):
            if isinstance(node, ast.ImportFrom) and node.module:
                # A name may be a module: `from roadseg_core.pipeline import conversion`.
                names = [node.module, *(f'{node.module}.{name.name}' for name in node.names)]
            elif isinstance(node, ast.Import):
                names = [name.name for name in node.names]
            else:
                continue
            for name in names:
                module = root.joinpath(*name.split('.'))
                waiting += [module.with_suffix('.py'), module / '__init__.py']
    return found
