"""Evaluate recorded bags: ``ros2 run roadseg_ros evaluate_bag BAG ... --output FOLDER``."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from junitparser import TestCase

from roadseg_core.evaluation.compare.page import headline
from roadseg_core.evaluation.compare.run import compare_models
from roadseg_core.evaluation.live.figures import describe_live
from roadseg_core.evaluation.results.junit import SuiteFile, comparison_cases, report_cases
from roadseg_core.evaluation.results.terminal import describe_report
from roadseg_core.evaluation.run import evaluate_bags
from roadseg_core.evaluation.settings.arguments import junit_path, read_arguments
from roadseg_core.evaluation.settings.config import EvaluationConfig
from roadseg_core.evaluation.settings.values import EvaluationError
from roadseg_core.machine import tune_malloc
from roadseg_core.missing import repair
from roadseg_ros.cv_bridge_fallback import through_cv_bridge


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0, 1 or 2."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    tune_malloc()
    suite = SuiteFile(None)
    try:
        suite = SuiteFile(junit_path(words))
        suite.begin()
        config = read_arguments(words).with_fallback(through_cv_bridge)
        suite.name = config.name
        suite.begin()
        exit_code, cases = evaluate(config)
        suite.finish(cases)
        return exit_code
    except EvaluationError as error:
        reason = str(error)
    except KeyboardInterrupt:
        reason = 'stopped; what is finished is kept: the same command goes on from there'
    except ModuleNotFoundError as error:
        reason = repair(error)
    except Exception as error:
        # 1 would say that a condition failed, and nothing was found out.
        place = traceback.extract_tb(error.__traceback__)[-1]
        reason = (
            f'unexpected {type(error).__name__}: {error} ({Path(place.filename).name}, line '
            f'{place.lineno}); this is a fault of evaluate_bag: please report it'
        )
    print(f'evaluate_bag: {reason}', file=sys.stderr)
    try:
        suite.fail(reason)
    except EvaluationError as error:
        print(f'evaluate_bag: {error}', file=sys.stderr)
    return 2


def evaluate(config: EvaluationConfig) -> tuple[int, list[TestCase]]:
    """
    Evaluate, compare or play live, and write all that was asked for.

    :returns: the exit code, 0, 1 or 2, and the cases of the JUnit file
    :raises EvaluationError: if it could not run
    """
    if config.comparison is not None:
        compared = compare_models(config, say=_say)
        for name, report in zip(('model', 'against'), compared.reports):
            _say(*describe_report(report, config.output / name))
        _say(headline(compared.comparison), *compared.comparison.verdict.reasons)
        _say((config.output / 'report.html').resolve())
        return compared.exit_code, comparison_cases(compared)
    if config.live is not None:
        # Only this needs ROS.
        from roadseg_ros.live.evaluation import evaluate_live

        report = evaluate_live(config, say=_say)
        _say(*describe_live(report['live']))
    else:
        report = evaluate_bags(config, say=_say)
    _say(*describe_report(report, config.output))
    return report['exit_code'], report_cases(report)


def _say(*lines: object) -> None:
    print(*lines, sep='\n', flush=True)


if __name__ == '__main__':
    sys.exit(main())
