"""Store each bag's part of the results; a part is complete, or it does not exist."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from roadseg_core.evaluation.drives.recording import write_no_rows
from roadseg_core.evaluation.drives.totals import BagOutcome, BagTotals
from roadseg_core.evaluation.settings.values import EvaluationError

PARTS = 'parts'
"""Folder of the bags' parts of the results."""

MARK = 'part.json'
"""File of a part that says what it is the result of, and how long that took."""

_TOTALS = 'totals.json'


@dataclass
class Part:
    """
    Hold a part while it is made.

    :param folder: where its files go
    :param totals: of its bag, once they are known
    """

    folder: Path
    totals: BagTotals = field(default_factory=BagTotals)


def part_folder(path: Path, output: Path) -> Path:
    """Return where a bag's part of the results goes: the same for the same path."""
    name = re.sub(r'[^\w.-]', '_', path.name) or 'bag'
    return output / PARTS / f'{name}-{hashlib.sha256(str(path).encode()).hexdigest()[:8]}'


def finished(bag: Path, output: Path, mark: str) -> BagTotals | None:
    """Return a bag's totals if its part is there, whole, and the result of ``mark``."""
    part = part_folder(bag, output)
    try:
        if not mark or _read(part / MARK)['fingerprint'] != mark:
            return None
        return BagTotals.from_dict(_read(part / _TOTALS))
    except (OSError, ValueError, KeyError, TypeError):
        return None  # not there, or not as this version writes it: evaluated anew


def seconds_taken(bags: Iterable[Path], output: Path) -> float:
    """Return how long the bags' evaluations took in all, whenever and wherever that was."""
    total = 0.0
    for bag in bags:
        try:
            total += float(_read(part_folder(bag, output) / MARK)['seconds'])
        except (OSError, ValueError, KeyError, TypeError):
            continue  # a failed bag
    return total


@contextmanager
def new_part(bag: Path, output: Path, mark: str, attempts: Path) -> Iterator[Part]:
    """
    Give a folder for a bag's part of the results; once the block has ended, put it in its place.

    So a part is never half written, and two processes that happen to evaluate the same bag, as
    when one was believed to be dead, do not disturb each other.

    :param attempts: the run's folder for what is not finished
    :raises EvaluationError: if it cannot be written, or the block raises an OSError
    """
    attempt = attempts / uuid.uuid4().hex
    new = Part(attempt / 'part')
    place = part_folder(bag, output)
    try:
        new.folder.mkdir(parents=True)
        started = time.perf_counter()
        yield new
        seconds = round(time.perf_counter() - started, 3)
        (new.folder / _TOTALS).write_text(json.dumps(new.totals.to_dict()), encoding='utf-8')
        if all(outcome.status != 'failed' for outcome in new.totals.bags):
            # What failed is tried again next time: a disk may be back.
            text = json.dumps({'fingerprint': mark, 'seconds': seconds})
            (new.folder / MARK).write_text(text, encoding='utf-8')
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            os.rename(place, attempt / 'before')
        try:
            os.rename(new.folder, place)
        except OSError:
            if finished(bag, output, mark) is None:  # else the other process was first
                raise
    except OSError as error:
        raise EvaluationError(
            f'{error.filename or output} cannot be read or written: {error.strerror or error}; '
            'check the free space of the output folder, or choose another one'
        ) from error
    finally:
        shutil.rmtree(attempt, ignore_errors=True)


def write_failed_part(bag: Path, output: Path, reason: str, attempts: Path) -> BagTotals:
    """Put an empty part where no worker lived to write one; return its totals."""
    with new_part(bag, output, '', attempts) as part:
        write_no_rows(part.folder)
        part.totals = BagTotals(bags=(BagOutcome(str(bag), 'failed', (reason,)),))
    return part.totals


def _read(path: Path) -> dict:
    return json.loads(path.read_text(encoding='utf-8'))
