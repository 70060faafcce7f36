"""Evaluate bags, here or on a fleet of workers, and write the report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from roadseg_core.evaluation.drives.one_bag import evaluate_bag
from roadseg_core.evaluation.drives.segmenting import open_model
from roadseg_core.evaluation.drives.totals import BagTotals
from roadseg_core.evaluation.drives.truth import check_truth
from roadseg_core.evaluation.fleet.attempts import attempts_of_a_run
from roadseg_core.evaluation.fleet.fingerprint import fingerprints
from roadseg_core.evaluation.fleet.fleet import evaluate_on_fleet
from roadseg_core.evaluation.fleet.parts import finished, new_part, seconds_taken
from roadseg_core.evaluation.pages.page import write_report_page
from roadseg_core.evaluation.results.publishing import forget, merge_parts, publish
from roadseg_core.evaluation.results.report import describe_engine, make_report
from roadseg_core.evaluation.results.terminal import counted
from roadseg_core.evaluation.settings.config import EvaluationConfig
from roadseg_core.evaluation.settings.values import EvaluationError
from roadseg_core.files import write_json


def evaluate_bags(
    config: EvaluationConfig,
    *,
    say: Callable[[str], None] = lambda text: None,
    complete: Callable[[dict], dict] = lambda report: report,
) -> dict[str, object]:
    """
    Evaluate all bags and write everything into the output folder.

    Bags whose part of the results is already there, whole and of the same model, configuration
    and code, are not evaluated again: an interrupted evaluation goes on where it stopped.

    :param say: told of each bag
    :param complete: returns what the report shall be, once the bags are evaluated and before
        anything says how that came out
    :returns: report.json
    :raises EvaluationError: if the evaluation cannot be run, or nothing be written
    """
    output = config.output
    forget_earlier(output)
    check_truth(config)
    totals, waiting = BagTotals(), {}
    with closing(open_model(config)) as engine:
        description = describe_engine(engine, config)
        known_by = fingerprints(config, engine=engine.description, model=engine.info.path)
        for bag, mark in known_by.items():
            known = finished(bag, output, mark)
            if known is None:
                waiting[bag] = mark
            else:
                say(f'{bag}: evaluated before')
                totals += known
        if not config.fleet:
            with attempts_of_a_run(output) as attempts:
                for number, (bag, mark) in enumerate(waiting.items(), 1):
                    with new_part(bag, output, mark, attempts) as part:
                        part.totals = evaluate_bag(bag, config, part.folder, engine=engine)
                    totals += part.totals
                    say(_outcome(part.totals, number, len(waiting)))
    if config.fleet and waiting:
        place = config.fleet.scheduler or 'workers of this machine'
        say(f'{counted(len(waiting), "bag")} on {place}')
        with attempts_of_a_run(output) as attempts:
            done = evaluate_on_fleet(config, waiting, attempts)
            for number, (_, known) in enumerate(done, 1):
                totals += known
                say(_outcome(known, number, len(waiting)))
    with _written(output):
        merge_parts(config.bags, output)
        # Of the bags, not of this run: it may have found some finished, and have had many workers.
        seconds = seconds_taken(config.bags, output)
        report = make_report(config, totals, description, output / 'timings.jsonl', seconds=seconds)
    report = complete(report)
    with _written(output):
        publish(config.bags, output)
        write_report_page(output / 'report.html', report, config)
        write_json(output / 'report.json', report)  # the last: where it is, all is
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


def _outcome(totals: BagTotals, number: int, count: int) -> str:
    bag = totals.bags[0]
    reason = f': {bag.problems[0]}' if bag.problems else ''
    return f'{bag.path}: {bag.status}{reason} ({number} of {count})'


@contextmanager
def _written(output: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EvaluationError(
            f'{error.filename or output} cannot be written: {error.strerror or error}; free some '
            'space, or choose another output folder'
        ) from error
