"""What a bag's result depends on, in one number: a result of something else is never taken."""

from __future__ import annotations

import ast
import hashlib
import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from roadseg_core.data.label_sets import find_label_map
from roadseg_core.engines import EngineDescription
from roadseg_core.evaluation.drives.truth import truth_root
from roadseg_core.evaluation.settings.config import EvaluationConfig
from roadseg_core.evaluation.settings.sections import TruthChoice

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


class Fingerprints:
    """
    Make fingerprints of the bags of one evaluation.

    :param model: the model file that will be used
    :param engine: what runs it: 'auto' is another thing on another machine
    :raises OSError: if the model, or the truth's label map, cannot be read
    """

    def __init__(self, config: EvaluationConfig, *, model: Path, engine: EngineDescription) -> None:
        self._truth = config.truth
        self._truth_states: dict[Path, str] = {}
        self._shared = (
            _file_digest(model),
            f'{engine.backend} {engine.device} {engine.precision} {engine.version}',
            settings_state(config),
            label_map_state(config.truth),
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
    return '\n'.join([digest.hexdigest(), *(f'{name} {_version(name)}' for name in _PACKAGES)])


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
