"""Evaluate bags, here or on a fleet of workers, and write the report."""

from __future__ import annotations

from collections.abc import Callable
import json
from pathlib import Path

from roadseg_ros.evaluation.fleet import evaluate_on_fleet, Fleet
from roadseg_ros.evaluation.one_bag import Progress
from roadseg_ros.evaluation.page import write_report_page
from roadseg_ros.evaluation.parts import evaluate_in_turn, seconds_taken
from roadseg_ros.evaluation.publishing import merge_parts, publish
from roadseg_ros.evaluation.report import describe_engine, make_report
from roadseg_ros.evaluation.segmenting import open_model
from roadseg_ros.evaluation.settings import EvaluationError, Settings
from roadseg_ros.evaluation.totals import BagTotals


def evaluate_bags(settings: Settings, *, fleet: Fleet | None = None,
                  progress: Progress | None = None,
                  say: Callable[[str], None] | None = None) -> dict[str, object]:
    """
    Evaluate all bags and write everything into the output folder.

    Bags whose part of the results is already there, whole and of the same model, settings and
    code, are not evaluated again: an interrupted evaluation goes on where it stopped.

    :param fleet: where; None for this process
    :param progress: told of the frames of the bag at hand, in this process
    :param say: told of each bag
    :returns: report.json
    :raises EvaluationError: if the evaluation cannot be run, or nothing be written
    """
    check_bags(settings.bags)
    _forget(settings.output)
    say = say or _say_nothing
    engine = open_model(settings)
    try:
        description = describe_engine(engine, settings)
        if fleet is None:
            totals = evaluate_in_turn(settings, engine=engine, progress=progress, say=say)
    finally:
        engine.close()
    if fleet is not None:
        totals = evaluate_on_fleet(settings, fleet, say=say)
    # Of the bags, not of this run: it may have found some finished, and have had many workers.
    return conclude(settings, totals, description,
                    seconds=seconds_taken(settings.bags, settings.output))


def conclude(settings: Settings, totals: BagTotals, description: dict[str, object], *,
             seconds: float) -> dict[str, object]:
    """
    Merge the bags' parts and write the report, whoever evaluated them.

    :param totals: of all bags
    :param description: what :func:`describe_engine` said of the engine
    :param seconds: what the bags' evaluations took, one after another
    :returns: report.json
    :raises EvaluationError: if it cannot be written
    """
    output = settings.output
    try:
        merge_parts(settings.bags, output)
        report = make_report(settings, totals, description, output / 'timings.jsonl',
                             seconds=seconds)
        publish(settings.bags, output)
        write_report_page(output / 'report.html', report, settings)
        # The last: where it is, all is.
        temporary = output / '.report.json.tmp'
        temporary.write_text(json.dumps(report, indent=2) + '\n', encoding='utf-8')
        temporary.replace(output / 'report.json')
    except OSError as error:
        raise EvaluationError(
            f'{error.filename or output} cannot be written: {error.strerror or error}; free some '
            'space, or choose another output folder') from error
    return report


def check_bags(bags: tuple[Path, ...]) -> None:
    """
    Refuse a bag that is named twice: its frames would count twice.

    :raises EvaluationError: if one is
    """
    seen: dict[Path, Path] = {}
    for path in bags:
        other = seen.setdefault(path.resolve(), path)
        if other is not path:
            raise EvaluationError(f'{path} and {other} are the same bag; name it once')


def _forget(output: Path) -> None:
    """Remove an earlier report: a run that ends early must not leave it as if it were its own."""
    try:
        for name in ('report.json', 'report.html'):
            (output / name).unlink(missing_ok=True)
    except OSError as error:
        raise EvaluationError(f'{output} cannot be written: {error.strerror}; choose another '
                              'output folder') from error


def _say_nothing(text: str) -> None:
    """Let nobody hear."""
