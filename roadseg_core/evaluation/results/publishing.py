"""Move the files of finished parts to where users look for them."""

from __future__ import annotations

import errno
import filecmp
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from roadseg_core.evaluation.drives.recording import ANNOTATED, ROW_FILES
from roadseg_core.evaluation.drives.rows import concatenate
from roadseg_core.evaluation.fleet.parts import PARTS, part_folder

VERDICTS = ('report.json', 'report.html', 'comparison.json')
"""Files that say how an evaluation came out."""


def forget(output: Path) -> None:
    """
    Remove what an earlier run showed in the output folder, and keep the bags' parts.

    A run that ends early must not leave an earlier one's verdict as if it were its own.

    :raises OSError: if it cannot be removed, or is not of an evaluation
    """
    names = (*VERDICTS, *ROW_FILES, ANNOTATED, 'published')  # the last of a live evaluation
    # A comparison has its parts in the folders of its two evaluations.
    if not any((output / place / PARTS).is_dir() for place in ('', 'model', 'against')):
        _refuse(*(output / name for name in names))
    for name in (*VERDICTS, *ROW_FILES):
        (output / name).unlink(missing_ok=True)
    for part in (output / PARTS).glob('*'):
        # No other videos: the folder may hold a user's own.
        for video in part.glob('*.mp4'):
            for shown in (output / video.name, output / f'{part.name}_{video.name}'):
                if shown.exists() and filecmp.cmp(video, shown):
                    shown.unlink()
    if (output / ANNOTATED).is_dir():
        shutil.rmtree(output / ANNOTATED)


def merge_parts(bags: Iterable[Path], output: Path) -> None:
    """
    Write the rows of all bags, in the order of their paths.

    :raises OSError: if they cannot be written
    """
    parts = [part_folder(path, output) for path in sorted(bags, key=str)]
    for name in ROW_FILES:
        concatenate([part / name for part in parts], output / name)


def publish(bags: Iterable[Path], output: Path) -> None:
    """
    Show annotated bags and videos in the output folder itself.

    One bag's are ``annotated/`` and ``<camera>.mp4``; those of several are
    ``annotated/<bag>/`` and ``<bag>_<camera>.mp4``. The parts keep theirs: a later run that
    finds a part finished needs them. The bytes are shared, where the file system can.

    :raises OSError: if they cannot be written
    """
    parts = [part_folder(path, output) for path in bags]
    shutil.rmtree(output / ANNOTATED, ignore_errors=True)
    for part in parts:
        own = '' if len(parts) == 1 else part.name
        if (part / ANNOTATED).is_dir():
            shutil.copytree(part / ANNOTATED, output / ANNOTATED / own, copy_function=_share)
        for video in sorted(part.glob('*.mp4')):
            name = f'{own}_{video.name}' if own else video.name
            _refuse(output / name)
            _share(video, output / name)


def _refuse(*files: Path) -> None:
    for file in files:
        if file.exists():
            raise FileExistsError(errno.EEXIST, 'it was not written by an evaluation', str(file))


def _share(source: str | Path, target: str | Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)  # another file system, or one without links
