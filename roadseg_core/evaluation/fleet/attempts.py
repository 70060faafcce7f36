"""Keep the unfinished results of each run in a folder of its own, removed when the run ends."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from roadseg_core.evaluation.settings.values import EvaluationError

_FOLDER = 'attempts'
_LOCK = 'lock'


@contextmanager
def attempts_of_a_run(output: Path) -> Iterator[Path]:
    """
    Give a run a folder for what it has not finished yet; remove those of runs that died.

    The run holds a lock in its folder, which the system lets go when the run ends in any way: so
    two runs into one output folder leave each other's work alone.

    :raises EvaluationError: if it cannot be made
    """
    folder = output / _FOLDER
    made, own = folder / f'.{uuid.uuid4().hex}', folder / uuid.uuid4().hex
    try:
        made.mkdir(parents=True)
        lock = FileLock(made / _LOCK).acquire(timeout=0)
    except OSError as error:
        raise EvaluationError(
            f'{output} cannot be written: {error.strerror}; choose another output folder'
        ) from error
    try:
        # Only now others see it: it is never there without its lock.
        made.rename(own)
        _remove_dead(folder, own)
        yield own
    finally:
        lock.lock.release()
        for mine in (made, own):
            shutil.rmtree(mine, ignore_errors=True)
        with suppress(OSError):  # another run's are there
            folder.rmdir()


def _remove_dead(folder: Path, own: Path) -> None:
    for other in folder.iterdir():
        if other != own and not other.name.startswith('.'):
            with suppress(Timeout), FileLock(other / _LOCK).acquire(timeout=0):
                shutil.rmtree(other, ignore_errors=True)
