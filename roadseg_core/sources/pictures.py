"""Pictures: one file, or all of a folder by name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np

from roadseg_core.bags.cdr import BILLION
from roadseg_core.bags.records import SourceError
from roadseg_core.pipeline.conversion import ConversionError
from roadseg_core.pipeline.picture_file import CHECKED_SUFFIXES, read_picture
from roadseg_core.sources.camera_bag import CameraBag

DEFAULT_FPS = 15.0

PICTURE_SUFFIXES = (*CHECKED_SUFFIXES, '.bmp', '.tif', '.tiff', '.ppm', '.pgm', '.webp')


def picture_files(folder: Path) -> list[Path]:
    """
    Return the pictures of a folder by name.

    Where it has none itself: those of its folder ``image_2``, as in KITTI, or else of all folders
    in it.
    """
    own = _pictures_of(folder.iterdir())
    if own:
        return own
    camera = folder / 'image_2'
    return _pictures_of(camera.iterdir() if camera.is_dir() else folder.rglob('*'))


class PictureBag(CameraBag):
    """
    Read pictures as a bag.

    :param path: a picture, or a folder of pictures
    :param files: the pictures, where they are not all of the folder
    :param fps: frames per second that the stamps count by
    :raises SourceError: if the folder holds no picture
    """

    def __init__(
        self,
        path: Path,
        *,
        files: tuple[Path, ...] = (),
        fps: float = DEFAULT_FPS,
        camera: str = 'front',
    ) -> None:
        self._files = files or ((path,) if path.is_file() else picture_files(path))
        if not self._files:
            raise SourceError(
                f'{path} holds no pictures ({", ".join(PICTURE_SUFFIXES)}) and no bag (.mcap, '
                '.db3); name a folder that does'
            )
        self._root = Path(os.path.commonpath([file.absolute().parent for file in self._files]))
        checked = all(file.suffix.lower() in CHECKED_SUFFIXES for file in self._files)
        super().__init__(
            path,
            'picture' if path.is_file() else 'folder of pictures',
            camera,
            compressed=checked,
            period_ns=round(BILLION / fps),
            count=len(self._files),
        )
        self._read = Path.read_bytes if checked else read_picture
        self.names = tuple(
            str(PurePosixPath(self._name(file)).with_suffix('')) for file in self._files
        )

    def pictures(self) -> Iterator[tuple[str, bytes | np.ndarray, str]]:
        """Yield the pictures, named by their paths in the folder that holds them all."""
        for file in self._files:
            name = self._name(file)
            try:
                yield name, self._read(file), ''
            except OSError as error:
                yield name, b'', f'{name}: cannot be read: {error.strerror}'
            except ConversionError as error:
                yield name, b'', f'{name}: {error}'

    def _name(self, file: Path) -> str:
        return file.absolute().relative_to(self._root).as_posix()


def _pictures_of(paths: Iterator[Path]) -> list[Path]:
    return sorted(
        path for path in paths if path.suffix.lower() in PICTURE_SUFFIXES and path.is_file()
    )
