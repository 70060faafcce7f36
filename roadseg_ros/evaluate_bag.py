"""Evaluate recorded bags: ``ros2 run roadseg_ros evaluate_bag BAG ... --output FOLDER``."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from roadseg_core.evaluation.compare.page import headline
from roadseg_core.evaluation.compare.run import compare_models
from roadseg_core.evaluation.drives.one_bag import Progress
from roadseg_core.evaluation.drives.run import evaluate_bags
from roadseg_core.evaluation.drives.terminal import say_progress, say_report
from roadseg_core.evaluation.junit import Case
from roadseg_core.evaluation.junit_cases import comparison_cases, report_cases
from roadseg_core.evaluation.live.figures import describe_live
from roadseg_core.evaluation.settings.arguments import junit_path, make_parser
from roadseg_core.evaluation.settings.request import (
    Request,
    add_request_arguments,
    make_request,
)
from roadseg_core.evaluation.settings.scenario import ScenarioError
from roadseg_core.evaluation.settings.settings import EvaluationError
from roadseg_core.evaluation.suite import SuiteFile
from roadseg_core.missing import repair
from roadseg_ros.memory import tune_malloc


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0, 1 or 2."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    tune_malloc()
    suite = SuiteFile(None)
    try:
        suite = SuiteFile(junit_path(words))
        return _run(words, suite)
    except (EvaluationError, ScenarioError) as error:
        reason = str(error)
    except KeyboardInterrupt:
        reason = 'stopped; what is finished is kept: the same command goes on from there'
    except ModuleNotFoundError as error:
        reason = repair(error)
    except Exception as error:
        # 1 would say that a condition failed, and nothing was found out.
        reason = _unexpected(error)
    print(f'evaluate_bag: {reason}', file=sys.stderr)
    try:
        suite.fail(reason)
    except EvaluationError as error:
        print(f'evaluate_bag: {error}', file=sys.stderr)
    return 2


def _run(words: list[str], suite: SuiteFile) -> int:
    parser = make_parser()
    add_request_arguments(parser)
    known = parser.parse_args(words)
    suite.begin()
    request = make_request(known, parser)
    suite.name = request.name
    suite.begin()
    exit_code, cases = run_request(request, say=_say, progress=say_progress())
    suite.finish(cases)
    return exit_code


def run_request(
    request: Request, *, say: Callable[[str], None], progress: Progress | None = None
) -> tuple[int, list[Case]]:
    """
    Evaluate, compare or play live, and write all that was asked for.

    :param say: told what goes on
    :returns: the exit code, 0, 1 or 2, and the cases of the JUnit file
    :raises EvaluationError: if it could not run
    """
    settings = request.settings
    if request.comparison is not None:
        outcome = compare_models(
            settings, request.comparison, fleet=request.fleet, progress=progress, say=say
        )
        for name, report in zip(('model', 'against'), outcome.reports):
            say_report(report, settings.output / name)
        print(headline(outcome.comparison), *outcome.comparison.verdict.reasons, sep='\n')
        print((settings.output / 'report.html').resolve())
        return outcome.exit_code, comparison_cases(outcome, request.comparison)
    if request.live is not None:
        # Only this needs ROS.
        from roadseg_ros.live.evaluation import evaluate_live

        report = evaluate_live(settings, request.live, say=say, progress=progress)
        print(*describe_live(report['live']), sep='\n')
    else:
        report = evaluate_bags(settings, fleet=request.fleet, progress=progress, say=say)
    say_report(report, settings.output)
    return report['exit_code'], report_cases(report)


def _unexpected(error: Exception) -> str:
    place = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f'unexpected {type(error).__name__}: {error} ({Path(place.filename).name}, line '
        f'{place.lineno}); this is a fault of evaluate_bag: please report it'
    )


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == '__main__':
    sys.exit(main())
