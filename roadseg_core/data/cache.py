"""
Frames kept ready to use: cut out, resized, in the ids of a label map, in one compressed file.

An HDF5 file holds one set of frames for one label map and one set of options. It says what it was
made from: the paths, sizes and times of all files, options, label map and the program's own code;
when one of these changes, it is made anew.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import h5py
import numpy as np
from filelock import FileLock

from roadseg_core.data.options import CacheOptions
from roadseg_core.data.source import DataError, LabelledFrame, Selection
from roadseg_core.files import write_atomically
from roadseg_core.labels import LabelMap

_COMPRESSION = {'compression': 'gzip', 'compression_opts': 1}
"""As small as higher levels within 2 % on camera frames, and written faster."""


class CachedFrames:
    """
    Offer the frames of a cache file; see :class:`roadseg_core.data.source.FrameSource`.

    :param path: the file
    :param name: data set and split
    :param road_only: whether truth is road or not road
    """

    def __init__(self, path: Path, *, name: str, road_only: bool) -> None:
        self.path = path
        self.name = name
        self.road_only = road_only
        self._file: tuple[int, h5py.File] | None = None
        with h5py.File(path, 'r', locking=False) as file:
            self._names: list[str] = json.loads(file['names'].asstr()[()])
            self.skipped: list[str] = json.loads(file['skipped'].asstr()[()])

    def __len__(self) -> int:
        return len(self._names)

    def load(self, index: int) -> LabelledFrame:
        """Load a frame by its index."""
        # A handle of HDF5 does not survive a fork: each process opens the file itself.
        if self._file is None or self._file[0] != os.getpid():
            self._file = (os.getpid(), h5py.File(self.path, 'r', locking=False))
        file = self._file[1]
        try:
            group = file[str(index)]
            intrinsics = group.attrs.get('intrinsics')
            return LabelledFrame(
                self._names[index],
                group['image'][()],
                group['labels'][()],
                None if intrinsics is None else tuple(intrinsics.tolist()),
            )
        except (OSError, KeyError) as error:
            raise DataError(
                f'{self.path}: frame {index} is unreadable ({error}); delete the '
                'file, it is made anew'
            ) from error

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, '_file': None}


def open_cached(
    source: Selection, *, folder: Path, label_map: LabelMap, options: CacheOptions
) -> tuple[CachedFrames, list[str]]:
    """
    Open the cache file of some frames; make it if it is missing or no longer true.

    Several processes may do so at once: one makes the file, the others wait for it. The file
    takes its place in one step.

    :param folder: where cache files lie
    :returns: the frames, and why each frame that had to be skipped was
    :raises DataError: if the folder cannot be written, or a frame is damaged and ``on_error`` is
        ``fail``
    """
    chosen = {
        'data': source.name,
        'options': options.model_dump(mode='json'),
        'label_map': label_map.to_dict(),
    }
    text = json.dumps(chosen, sort_keys=True, default=str)
    path = folder / f'{source.name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}.h5'
    wanted = _fingerprint(source, text)
    if not _is_current(path, wanted):
        try:
            with FileLock(path.with_suffix('.lock')):
                # Another process may have made it meanwhile.
                if not _is_current(path, wanted):
                    _make(path, source, wanted, skip=options.on_error == 'skip')
        except PermissionError as error:
            raise DataError(
                f'{folder}: cannot write there ({error.strerror}); set the option cache to another '
                'folder'
            ) from error
    frames = CachedFrames(path, name=source.name, road_only=source.road_only)
    return frames, frames.skipped


def _fingerprint(source: Selection, text: str) -> str:
    digest = hashlib.sha256(text.encode())
    digest.update(repr(source.chosen).encode())
    package = Path(__file__).parent
    for path in (*sorted(package.glob('*.py')), package.parent / 'labels.py'):
        digest.update(path.read_bytes())
    for path in source.inputs():
        try:
            status = path.stat()
        except OSError:
            digest.update(f'{path}\0missing\0'.encode())
            continue
        digest.update(f'{path}\0{status.st_size}\0{status.st_mtime_ns}\0'.encode())
    return digest.hexdigest()


def _is_current(path: Path, wanted: str) -> bool:
    try:
        with h5py.File(path, 'r', locking=False) as file:
            return file.attrs.get('fingerprint') == wanted
    except OSError:
        return False


def _make(path: Path, source: Selection, fingerprint: str, *, skip: bool) -> None:
    names, skipped = [], []
    with write_atomically(path) as work, h5py.File(work, 'w') as file:
        for index in range(len(source)):
            try:
                frame = source.load(index)
            except DataError as error:
                if not skip:
                    raise
                skipped.append(str(error))
                continue
            group = file.create_group(str(len(names)))
            _write(group, 'image', frame.image)
            _write(group, 'labels', frame.labels)
            if frame.intrinsics is not None:
                group.attrs['intrinsics'] = frame.intrinsics
            names.append(frame.name)
        # Attributes end at 64 KiB.
        file['names'] = json.dumps(names)
        file['skipped'] = json.dumps(skipped)
        # Last: a file without it is not used.
        file.attrs['fingerprint'] = fingerprint


def _write(group: h5py.Group, name: str, array: np.ndarray) -> None:
    # One chunk a frame: frames are read whole.
    group.create_dataset(name, data=array, chunks=array.shape, **_COMPRESSION)
