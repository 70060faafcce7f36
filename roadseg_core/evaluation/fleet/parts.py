"""Bags one by one, each with a part of the results that is whole or not there."""

from __future__ import annotations

import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path

from roadseg_core.engines import Engine
from roadseg_core.evaluation.drives.one_bag import Progress, evaluate_one_bag, part_folder
from roadseg_core.evaluation.drives.recording import write_no_rows
from roadseg_core.evaluation.drives.segmenting import open_model, shipped_model
from roadseg_core.evaluation.drives.totals import BagTotals
from roadseg_core.evaluation.drives.truth import check_truth
from roadseg_core.evaluation.fleet.attempts import attempts_of_a_run
from roadseg_core.evaluation.fleet.fingerprint import Fingerprints
from roadseg_core.evaluation.settings.settings import EvaluationError, Settings

MARK = 'part.json'
"""File of a part that says what it is the result of, and how long that took."""


def marks(settings: Settings, *, engine: Engine | None = None) -> dict[Path, str]:
    """
    Return the fingerprint of each bag's result; '' for a bag that cannot be looked at.

    :param engine: opened for these settings; None: one is opened, to ask what it is, and closed
    :raises EvaluationError: if there is no such model, or it cannot be opened
    """
    model = Path(settings.model or shipped_model())
    if not model.is_file():
        raise EvaluationError(f'model {model} does not exist; expected a model file')
    with ExitStack() as stack:
        if engine is None:
            engine = open_model(settings)
            stack.callback(engine.close)
        description = engine.description
    try:
        prints = Fingerprints(settings, model=model, engine=description)
    except OSError as error:
        raise EvaluationError(
            f'{error.filename or model} cannot be read: {error.strerror}'
        ) from error
    found = {}
    for bag in settings.bags:
        try:
            found[bag] = prints.of(bag)
        except OSError:
            found[bag] = ''  # its evaluation will say why
    return found


def finished(bag: Path, output: Path, mark: str) -> BagTotals | None:
    """Return a bag's totals if its part is there, whole, and the result of ``mark``."""
    part = part_folder(bag, output)
    try:
        if not mark or _read(part / MARK)['fingerprint'] != mark:
            return None
        return BagTotals.from_dict(_read(part / 'totals.json'))
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


def evaluate_part(
    bag: Path,
    settings: Settings,
    mark: str,
    *,
    attempts: Path,
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> BagTotals:
    """
    Return a finished bag's totals, or evaluate it, into a folder that is then renamed.

    So a part is never half written, and two processes that happen to evaluate the same bag, as
    when one was believed to be dead, do not disturb each other.

    :param attempts: the run's folder for what is not finished
    :param engine: opened by this thread for these settings; None: one is opened and closed
    :raises EvaluationError: as :func:`evaluate_one_bag`
    """
    output = settings.output
    known = finished(bag, output, mark)
    if known is not None:
        return known
    attempt = attempts / uuid.uuid4().hex
    try:
        with ExitStack() as stack:
            if engine is None:
                engine = open_model(settings)
                stack.callback(engine.close)
            started = time.perf_counter()
            totals = evaluate_one_bag(bag, settings, attempt, engine=engine, progress=progress)
            seconds = time.perf_counter() - started
        made, part = part_folder(bag, attempt), part_folder(bag, output)
        if all(outcome.status != 'failed' for outcome in totals.bags):
            # What failed is tried again next time: a disk may be back.
            (made / MARK).write_text(
                json.dumps({'fingerprint': mark, 'seconds': round(seconds, 3)}), encoding='utf-8'
            )
        part.parent.mkdir(parents=True, exist_ok=True)
        if part.exists():
            os.rename(part, attempt / 'before')
        try:
            os.rename(made, part)
        except OSError:
            if finished(bag, output, mark) is None:  # else the other process was first
                raise
    except OSError as error:
        raise EvaluationError(f'{output} cannot be written: {error}') from error
    finally:
        shutil.rmtree(attempt, ignore_errors=True)
    return totals


def evaluate_in_turn(
    settings: Settings,
    *,
    engine: Engine,
    say: Callable[[str], None],
    progress: Progress | None = None,
) -> BagTotals:
    """
    Evaluate all bags in this process, one after another; those that are finished are not.

    :param engine: opened by this thread for these settings
    :raises EvaluationError: as :func:`evaluate_one_bag`
    """
    check_truth(settings)
    known = marks(settings, engine=engine)
    totals = BagTotals()
    with attempts_of_a_run(settings.output) as attempts:
        for number, bag in enumerate(settings.bags, 1):
            done = finished(bag, settings.output, known[bag])
            if done is None:
                done = evaluate_part(
                    bag, settings, known[bag], attempts=attempts, engine=engine, progress=progress
                )
                say(f'{bag}: {done.bags[0].status} ({number} of {len(settings.bags)})')
            else:
                say(f'{bag}: evaluated before ({number} of {len(settings.bags)})')
            totals = totals + done
    return totals


def write_failed_part(bag: Path, output: Path, totals: BagTotals) -> None:
    """
    Put an empty part where nobody came to write one, in the place of what an older run left.

    :raises EvaluationError: if it cannot be written
    """
    part = part_folder(bag, output)
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        write_no_rows(part)
        (part / 'totals.json').write_text(json.dumps(totals.to_dict()), encoding='utf-8')
    except OSError as error:
        raise EvaluationError(f'{output} cannot be written: {error}') from error


def _read(path: Path) -> dict:
    return json.loads(path.read_text(encoding='utf-8'))
