"""Do what one call of evaluate_bag asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from roadseg_core.evaluation.compare.page import headline
from roadseg_core.evaluation.compare.run import ComparisonOutcome, compare_models
from roadseg_core.evaluation.drives.one_bag import Progress
from roadseg_core.evaluation.drives.run import evaluate_bags
from roadseg_core.evaluation.drives.terminal import say_report
from roadseg_core.evaluation.junit import Case
from roadseg_core.evaluation.junit_cases import comparison_cases, report_cases
from roadseg_core.evaluation.live.figures import describe_live
from roadseg_core.evaluation.settings.request import Request


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
    if request.live is not None:
        # Only this needs ROS.
        from roadseg_ros.live.report import evaluate_live

        report = evaluate_live(settings, request.live, say=say, progress=progress)
    elif request.comparison is not None:
        outcome = compare_models(
            settings, request.comparison, fleet=request.fleet, progress=progress, say=say
        )
        say_comparison(outcome, settings.output)
        return outcome.exit_code, comparison_cases(outcome, request.comparison)
    else:
        report = evaluate_bags(settings, fleet=request.fleet, progress=progress, say=say)
    if request.live is not None:
        print(*describe_live(report['live']), sep='\n')
    say_report(report, settings.output)
    return report['exit_code'], report_cases(report)


def say_comparison(outcome: ComparisonOutcome, output: Path) -> None:
    """Print what differs, and what is decided."""
    for name, report in zip(('model', 'against'), outcome.reports):
        say_report(report, output / name)
    print(headline(outcome.comparison))
    for reason in outcome.comparison.verdict.reasons:
        print(reason)
    print((output / 'report.html').resolve())
