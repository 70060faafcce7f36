"""Find where a data set lies: a folder, or archives that are unpacked beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from roadseg_core.data.archives import ARCHIVE_SUFFIXES, is_archive, unpack
from roadseg_core.data.options import CacheOptions, FileOptions
from roadseg_core.data.source import DataError

CACHE_FOLDER = '.roadseg_cache'
"""Beside the data sets: what is unpacked or kept ready to use."""

_DEPTH = 2
"""How many folders of an archive's own may lie above a data set."""


def cache_folder(root: Path, options: CacheOptions) -> Path:
    """Return the folder for what is kept beside the data sets, or the one of the options."""
    if isinstance(options.cache, str):
        return Path(options.cache)
    return (root if root.is_dir() else root.parent) / CACHE_FOLDER


def locate(root: Path, *, names: Sequence[str], holds: Sequence[str], options: FileOptions) -> Path:
    """
    Find a data set below the data root.

    :param root: the data root; also the data set itself, or its archive
    :param names: what its folder or archive may be called
    :param holds: paths of which the data set holds at least one
    :param options: ``folder`` takes the place of ``names``
    :returns: the folder that holds one of the paths
    :raises DataError: if there is none; says where it was looked for
    """
    looked = []
    for candidate in _candidates(root, names, options.folder):
        archives = [path for path in candidate if is_archive(path)]
        if archives:
            folder = unpack(archives, cache_folder(root, options))
        elif candidate[0].is_dir():
            folder = candidate[0]
        else:
            looked.append(str(candidate[0]))
            continue
        # The root may be the data set itself, but what lies in it is another one.
        found = _find_base(folder, holds, 0 if folder == root else _DEPTH)
        if found is None and not archives:
            inside = sorted(path for path in folder.iterdir() if is_archive(path))
            if inside and candidate[0] != root:
                found = _find_base(unpack(inside, cache_folder(root, options)), holds, _DEPTH)
        if found:
            return found
        looked.append(str(folder))
    raise DataError(
        f'no data set with {" or ".join(dict.fromkeys(holds))} in {", ".join(looked)}: no such '
        'folder; set the data root, or the option folder to where it lies'
    )


def _candidates(
    root: Path, names: Sequence[str], folder: str | tuple[str, ...] | None
) -> list[list[Path]]:
    if folder is not None:
        paths = [root / path for path in ([folder] if isinstance(folder, str) else folder)]
        for path in paths if len(paths) > 1 else []:
            if not is_archive(path):
                raise DataError(
                    f'option folder: {path}: no such archive; a list is for several '
                    f'archives ({", ".join(ARCHIVE_SUFFIXES)}) of one data set'
                )
        return [paths]
    if root.is_file():
        return [[root]]
    candidates = [[root / name] for name in names]
    candidates += [
        [root / f'{name}{suffix}']
        for name in names
        for suffix in ARCHIVE_SUFFIXES
        if (root / f'{name}{suffix}').is_file()
    ]
    return [*candidates, [root]]


def _find_base(folder: Path, holds: Sequence[str], depth: int) -> Path | None:
    level = [folder]
    for left in range(depth, -1, -1):
        for base in level:
            if any(next(base.glob(path), None) for path in holds):
                return base
        if left:
            level = sorted(
                path
                for base in level
                for path in base.iterdir()
                if path.is_dir() and not path.name.startswith('.')
            )
    return None
