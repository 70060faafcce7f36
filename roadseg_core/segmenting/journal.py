"""Keep account of the files of an output folder: which the program wrote, and which are done."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zlib import crc32

from filelock import FileLock, Timeout

from roadseg_core.files import write_atomically

NAME = 'segment.jsonl'
_PROGRAM = 'roadseg segment'


class OutputError(Exception):
    """A folder that cannot take the results; the message says why, and what to do."""


class Journal:
    """
    Write files, and nothing over files of others; use it as a context.

    Each line of the folder's ``segment.jsonl`` names a file with its checksum before the file is
    written, so that an interrupted run knows what is its own.

    :param folder: of the results; made where it is missing
    :param settings: what the results depend on, JSON types
    :param fresh: whether results of other settings are replaced, rather than refused
    :raises OutputError: on entering, if the folder holds other results, or is being written
    """

    def __init__(self, folder: Path, settings: dict[str, object], *, fresh: bool) -> None:
        self.folder = folder
        self._settings = settings
        self._fresh = fresh
        self._path = folder / NAME
        self._known: dict[str, int] = {}
        self._done: set[str] = set()
        self._lock = FileLock(folder / '.segment.lock')

    def __enter__(self) -> Journal:
        if self.folder.exists() and not self.folder.is_dir():
            raise OutputError(f'{self.folder} is a file; name a folder for the results')
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise OutputError(f'another {_PROGRAM} is writing into {self.folder}') from error
        try:
            settings = self._read()
            if settings not in (None, self._settings) and not self._fresh:
                changed = sorted(
                    key for key in self._settings if self._settings[key] != settings.get(key)
                )
                raise OutputError(
                    f'{self.folder} holds results of another {", ".join(changed)}; choose another '
                    'folder, or replace them by --fresh'
                )
            self._file = self._path.open('a', encoding='utf-8')
            if self._fresh or settings is None:
                self._done.clear()
                self._add({'program': _PROGRAM, 'settings': self._settings})
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._lock.release()

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """Yield an empty folder for what is not finished; it is gone afterwards."""
        folder = self.folder / '.unfinished'
        shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def is_done(self, name: str) -> bool:
        """Say whether a file is there already, from these settings."""
        return name in self._done and (self.folder / name).is_file()

    def write(self, name: str, data: bytes) -> None:
        """
        Write a file whole.

        :param name: path within the folder
        :raises OutputError: if a file is there that is not, or no longer, as it was written here
        """
        path = self._announced(name, crc32(data))
        with write_atomically(path, durable=False) as temporary:  # there may be very many
            temporary.write_bytes(data)

    def take(self, finished: Path, name: str) -> None:
        """
        Give a finished file of the same disk its name.

        :raises OutputError: as :meth:`write`
        """
        finished.replace(self._announced(name, _checksum(finished)))

    def check(self, name: str) -> None:
        """
        Refuse to write over a file of somebody else.

        :raises OutputError: if one of that name is there
        """
        path = self.folder / name
        if path.exists() and (name not in self._known or _checksum(path) != self._known[name]):
            what = 'was changed since' if name in self._known else f'was not written by {_PROGRAM}'
            raise OutputError(f'{path} is there and {what}; choose another folder, or move it away')

    def _announced(self, name: str, checksum: int) -> Path:
        self.check(name)
        self._add({'file': name, 'crc32': checksum})
        self._known[name] = checksum
        self._done.add(name)
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _add(self, line: dict[str, object]) -> None:
        self._file.write(json.dumps(line) + '\n')
        self._file.flush()

    def _read(self) -> dict[str, object] | None:
        """Read what is known; return the newest settings, None where nothing was written yet."""
        if not self._path.exists():
            return None
        settings = None
        for line in self._path.read_bytes().splitlines():
            try:
                entry = json.loads(line)
                if 'settings' in entry:
                    settings = entry['settings']
                    self._done.clear()
                elif settings is not None:
                    self._known[entry['file']] = entry['crc32']
                    self._done.add(entry['file'])
            except (ValueError, KeyError, TypeError):
                continue  # the end of an interrupted line
        if settings is None:
            raise OutputError(f'{self._path} was not written by {_PROGRAM}; choose another folder')
        return settings


def _checksum(path: Path) -> int:
    checksum = 0
    with path.open('rb') as file:
        while piece := file.read(1 << 20):
            checksum = crc32(piece, checksum)
    return checksum
