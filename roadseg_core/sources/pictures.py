"""Pictures: one file, or all of a folder by name."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from roadseg_core.bags.cdr import BILLION
from roadseg_core.bags.records import SourceError
from roadseg_core.pipeline.conversion import ConversionError
from roadseg_core.pipeline.picture_file import CHECKED_SUFFIXES, read_picture
from roadseg_core.sources.camera_bag import CameraBag

DEFAULT_FPS = 15.0

_OF_TRUTH = re.compile(r'gt(_|fine|coarse|$)|.*(annot|semantic|instance|label|mask)', re.IGNORECASE)
"""Names of folders of KITTI, Cityscapes, CamVid, comma10k and of data sets of one's own."""

PICTURE_SUFFIXES = (*CHECKED_SUFFIXES, '.bmp', '.tif', '.tiff', '.ppm', '.pgm', '.webp')


def picture_files(folder: Path) -> list[Path]:
    """
    Return the pictures of a folder by name.

    Where it has none itself: those of its folder ``image_2``, as in KITTI, or else of all folders
    in it, but for those of truth by their names, such as ``labels`` or ``gt_image_2``.
    """
    own = _pictures_of(folder.iterdir())
    if own:
        return own
    camera = folder / 'image_2'
    if camera.is_dir():
        return _pictures_of(camera.iterdir())
    return [
        path
        for path in _pictures_of(folder.rglob('*'))
        if not any(map(_OF_TRUTH.match, path.relative_to(folder).parts[:-1]))
    ]


def picture_bag(
    path: Path, *, files: Sequence[Path] = (), fps: float = DEFAULT_FPS, camera: str = 'front'
) -> CameraBag:
    """
    Return pictures as a bag; they are named by their paths in the folder that holds them all.

    :param path: a picture, or a folder of pictures
    :param files: the pictures, where they are not all of the folder
    :param fps: frames per second that the stamps count by
    :raises SourceError: if the folder holds no picture
    """
    files = files or ((path,) if path.is_file() else picture_files(path))
    if not files:
        raise SourceError(
            f'{path} holds no pictures ({", ".join(PICTURE_SUFFIXES)}) and no bag (.mcap, .db3); '
            'name a folder that does'
        )
    root = os.path.commonpath([file.absolute().parent for file in files])
    named = {file.absolute().relative_to(root).as_posix(): file for file in files}
    checked = all(file.suffix.lower() in CHECKED_SUFFIXES for file in files)
    return CameraBag(
        path,
        'picture' if path.is_file() else 'folder of pictures',
        camera,
        lambda: _read(named, Path.read_bytes if checked else read_picture),
        compressed=checked,
        period_ns=round(BILLION / fps),
        count=len(named),
        names=tuple(str(PurePosixPath(name).with_suffix('')) for name in named),
    )


def _read(
    named: dict[str, Path], read: Callable[[Path], bytes | np.ndarray]
) -> Iterator[tuple[str, bytes | np.ndarray, str]]:
    for name, file in named.items():
        try:
            yield name, read(file), ''
        except OSError as error:
            yield name, b'', f'{name}: cannot be read: {error.strerror}'
        except ConversionError as error:
            yield name, b'', f'{name}: {error}'


def _pictures_of(paths: Iterator[Path]) -> list[Path]:
    return sorted(
        path for path in paths if path.suffix.lower() in PICTURE_SUFFIXES and path.is_file()
    )
