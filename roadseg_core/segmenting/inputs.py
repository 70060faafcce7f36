"""Turn command line arguments into recordings to segment."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from glob import glob, has_magic
from pathlib import Path

from roadseg_core.bags.records import SourceError
from roadseg_core.sources.camera_bag import Reader
from roadseg_core.sources.opening import is_bag, open_reader
from roadseg_core.sources.pictures import DEFAULT_FPS, PICTURE_SUFFIXES, picture_bag, picture_files


@dataclass(frozen=True)
class Input:
    """A recording to segment: its name among the others, and what opens it."""

    name: str
    path: Path
    open: Callable[[], Reader]

    @property
    def identity(self) -> str:
        """Return what tells this recording from others of the same frames' names."""
        path = self.path.resolve()
        return str(path) if path.is_dir() else f'{path}, {path.stat().st_size} bytes'


def find_inputs(words: Sequence[str], *, fps: float | None, output: Path) -> list[Input]:
    """
    Return the recordings that words name; pictures that are named one by one are one of them.

    :param words: bags, videos, pictures, folders of pictures, or patterns such as ``'*.jpg'``
    :param fps: frames per second of pictures
    :param output: folder of the results
    :raises SourceError: if a word names nothing, or a folder whose pictures are the results
    """
    paths = [path for word in words for path in _expanded(word)]
    singles = [path for path in paths if _is_picture(path)]
    found = [
        Input(path.name if path.is_dir() else path.stem, path, partial(open_reader, path, fps=fps))
        for path in dict.fromkeys(paths)
        if not _is_picture(path)
    ]
    if singles:
        files = tuple(dict.fromkeys(singles))
        opened = partial(picture_bag, files[0], files=files, fps=fps or DEFAULT_FPS)
        folder = Path(os.path.commonpath([file.absolute().parent for file in files]))
        found.append(Input('pictures', folder, opened))
    for path in paths:
        if path.is_dir() and not is_bag(path):
            _check_outside(output.resolve(), path)
    names: dict[str, int] = {}
    for number, entry in enumerate(found):
        count = names[entry.name] = names.get(entry.name, 0) + 1
        if count > 1:
            found[number] = Input(f'{entry.name}_{count}', entry.path, entry.open)
    return found


def _expanded(word: str) -> list[Path]:
    path = Path(word).expanduser()
    if path.exists():
        return [path]
    if has_magic(word):
        matches = sorted(glob(str(path), recursive=True))
        if matches:
            return [Path(match) for match in matches]
        raise SourceError(f'{word} matches no file')
    raise SourceError(
        f'{path} does not exist; give a bag, a video, a picture, a folder of pictures, or a '
        "pattern such as 'drive/*.jpg'"
    )


def _check_outside(output: Path, folder: Path) -> None:
    if any(output in file.resolve().parents for file in picture_files(folder)):
        raise SourceError(
            f'{folder} has its pictures in folders, and the results in {output} would be among '
            'them; choose an --output outside of it'
        )


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in PICTURE_SUFFIXES and not path.is_dir() and not is_bag(path)
