"""Unpack archives of data sets, never outside their target."""

from __future__ import annotations

import hashlib
import lzma
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, Any

from filelock import FileLock

from roadseg_core.data.source import DataError

ARCHIVE_SUFFIXES = ('.zip', '.tar', '.tar.gz', '.tgz', '.tar.bz2', '.tar.xz')
"""File names that are taken for archives."""

MAX_BYTES = 1 << 40
"""No data set is larger when unpacked; what claims to be is refused."""

_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    tarfile.TarError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    FileExistsError,
    NotADirectoryError,
    IsADirectoryError,
)
"""What the readers of archives raise for damage, and for files in the place of folders."""

Member = tuple[str, int, str, Any]
"""Name, size in bytes, kind (``file``, ``folder`` or what is refused), and the archive's own."""


def is_archive(path: Path) -> bool:
    """Tell whether a path is an archive by its name."""
    return path.name.lower().endswith(ARCHIVE_SUFFIXES) and path.is_file()


def unpack(archives: Sequence[Path], cache: Path) -> Path:
    """
    Unpack archives that belong together into one folder, once.

    The folder's name holds the archives' names, sizes and times: changed archives are unpacked
    anew. Several processes may call this at once.

    :param cache: the folder to make the folder in
    :returns: the folder with the files
    :raises DataError: if an archive is damaged, or holds absolute names, names that lead out of
        the folder, links, or anything but files and folders: then nothing is unpacked
    """
    digest = hashlib.sha256()
    for path in archives:
        status = path.stat()
        digest.update(f'{path.resolve()}\0{status.st_size}\0{status.st_mtime_ns}\0'.encode())
    stem = archives[0].name.split('.')[0]
    target = cache / f'{stem}-{digest.hexdigest()[:12]}'
    if target.is_dir():
        return target
    try:
        with FileLock(cache / f'{target.name}.lock'):
            if not target.is_dir():
                work = Path(tempfile.mkdtemp(prefix=f'{target.name}.', dir=cache))
                try:
                    for path in archives:
                        _unpack_one(path, work)
                    work.chmod(0o755)
                    work.rename(target)
                finally:
                    shutil.rmtree(work, ignore_errors=True)
    except PermissionError as error:
        raise DataError(
            f'{cache}: cannot write there ({error.strerror}); set the option cache '
            f'to a folder for what is unpacked from {archives[0].name}'
        ) from error
    return target


def _unpack_one(path: Path, target: Path) -> None:
    try:
        if path.name.lower().endswith('.zip'):
            with zipfile.ZipFile(path) as archive:
                members = [
                    (one.filename, one.file_size, _zip_kind(one), one) for one in archive.infolist()
                ]
                _unpack_members(path, target, members, archive.open)
        else:
            with tarfile.open(path) as archive:
                members = [
                    (one.name, one.size, _tar_kind(one), one) for one in archive.getmembers()
                ]
                _unpack_members(path, target, members, archive.extractfile)
                # The checksum stands at the end of the compressed stream, behind the members.
                while archive.fileobj.read(1 << 20):
                    pass
    except (*_DAMAGE, OSError) as error:
        # The readers of gzip and bzip2 find damage as an OSError without a number; errors of the
        # machine have one.
        if not isinstance(error, _DAMAGE) and error.errno is not None:
            raise
        raise DataError(f'{path}: damaged or unreadable archive: {error}') from error


def _zip_kind(member: zipfile.ZipInfo) -> str:
    if member.is_dir():
        return 'folder'
    # Zip files from systems without modes have 0 here.
    mode = stat.S_IFMT(member.external_attr >> 16)
    return 'file' if mode in (0, stat.S_IFREG) else 'link or special file'


def _tar_kind(member: tarfile.TarInfo) -> str:
    return 'folder' if member.isdir() else 'file' if member.isfile() else 'link or special file'


def _unpack_members(
    path: Path, target: Path, members: list[Member], open_member: Callable[[Any], IO[bytes]]
) -> None:
    _check(path, members)
    for name, _, kind, member in members:
        if kind == 'file':
            parts = [part for part in PurePosixPath(name.replace('\\', '/')).parts if part != '.']
            place = target.joinpath(*parts)
            place.parent.mkdir(parents=True, exist_ok=True)
            with open_member(member) as content, place.open('wb') as file:
                shutil.copyfileobj(content, file, 1 << 20)


def _check(path: Path, members: list[Member]) -> None:
    """Look at all members before any is written."""
    for name, _, kind, _ in members:
        parts = PurePosixPath(name.replace('\\', '/')).parts
        # A Windows drive or share is absolute too.
        if name.startswith('/') or PureWindowsPath(name).anchor or '..' in parts or '\0' in name:
            raise DataError(f'{path}: member {name!r} leads out of the archive; not unpacked')
        if kind not in ('file', 'folder'):
            raise DataError(f'{path}: member {name!r} is a {kind}; not unpacked')
    total = sum(size for _, size, _, _ in members)
    if total > MAX_BYTES:
        raise DataError(f'{path}: {total} bytes unpacked; expected at most {MAX_BYTES}')
