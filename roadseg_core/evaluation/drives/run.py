"""Evaluate bags, here or on a fleet of workers, and write the report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from roadseg_core.evaluation.drives.one_bag import Progress
from roadseg_core.evaluation.drives.page import write_report_page
from roadseg_core.evaluation.drives.publishing import forget, merge_parts, publish, write_json
from roadseg_core.evaluation.drives.report import describe_engine, make_report
from roadseg_core.evaluation.drives.segmenting import open_model
from roadseg_core.evaluation.drives.totals import BagTotals
from roadseg_core.evaluation.fleet.fleet import Fleet, evaluate_on_fleet
from roadseg_core.evaluation.fleet.parts import evaluate_in_turn, seconds_taken
from roadseg_core.evaluation.settings.settings import EvaluationError, Settings


def evaluate_bags(
    settings: Settings,
    *,
    fleet: Fleet | None = None,
    progress: Progress | None = None,
    say: Callable[[str], None] | None = None,
    complete: Callable[[dict], dict] | None = None,
) -> dict[str, object]:
    """
    Evaluate all bags and write everything into the output folder.

    Bags whose part of the results is already there, whole and of the same model, settings and
    code, are not evaluated again: an interrupted evaluation goes on where it stopped.

    :param fleet: where; None for this process
    :param progress: told of the frames of the bag at hand, in this process
    :param say: told of each bag
    :param complete: returns what the report shall be, once the bags are evaluated and before
        anything says how that came out
    :returns: report.json
    :raises EvaluationError: if the evaluation cannot be run, or nothing be written
    """
    forget_earlier(settings.output)
    check_bags(settings.bags)
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
    report = _merge(
        settings, totals, description, seconds=seconds_taken(settings.bags, settings.output)
    )
    if complete is not None:
        report = complete(report)
    _conclude(settings, report)
    return report


def forget_earlier(output: Path) -> None:
    """
    Remove an earlier run's results from the output folder, less the bags' parts.

    :raises EvaluationError: if they cannot be removed
    """
    try:
        forget(output)
    except OSError as error:
        raise EvaluationError(
            f'{error.filename or output} cannot be removed: {error.strerror}; '
            'choose another output folder'
        ) from error


def _merge(
    settings: Settings, totals: BagTotals, description: dict[str, object], *, seconds: float
) -> dict[str, object]:
    """
    Merge the bags' parts, whoever evaluated them, and return report.json.

    :param totals: of all bags
    :param description: what :func:`describe_engine` said of the engine
    :param seconds: what the bags' evaluations took, one after another
    """
    output = settings.output
    try:
        merge_parts(settings.bags, output)
        return make_report(settings, totals, description, output / 'timings.jsonl', seconds=seconds)
    except OSError as error:
        raise _unwritten(output, error) from error


def _conclude(settings: Settings, report: dict[str, object]) -> None:
    output = settings.output
    try:
        publish(settings.bags, output)
        write_report_page(output / 'report.html', report, settings)
        write_json(output / 'report.json', report)  # the last: where it is, all is
    except OSError as error:
        raise _unwritten(output, error) from error


def _unwritten(output: Path, error: OSError) -> EvaluationError:
    return EvaluationError(
        f'{error.filename or output} cannot be written: {error.strerror or error}; free some '
        'space, or choose another output folder'
    )


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


def _say_nothing(text: str) -> None:
    """Let nobody hear."""
