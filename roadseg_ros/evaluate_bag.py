"""Evaluate recorded bags: ``ros2 run roadseg_ros evaluate_bag BAG ... --output FOLDER``."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from roadseg_core.evaluation.drives.terminal import say_progress
from roadseg_core.evaluation.settings.arguments import junit_path, make_parser
from roadseg_core.evaluation.settings.request import add_request_arguments, make_request
from roadseg_core.evaluation.settings.scenario import ScenarioError
from roadseg_core.evaluation.settings.settings import EvaluationError
from roadseg_core.evaluation.suite import SuiteFile
from roadseg_core.missing import repair
from roadseg_ros.live.evaluation import run_request
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
