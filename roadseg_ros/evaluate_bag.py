"""Evaluate recorded bags: ``ros2 run roadseg_ros evaluate_bag BAG ... --output FOLDER``."""

from __future__ import annotations

from collections.abc import Sequence
import sys

from roadseg_ros.evaluation.arguments import make_parser
from roadseg_ros.evaluation.request import add_request_arguments, make_request
from roadseg_ros.evaluation.running import run_request
from roadseg_ros.evaluation.scenario import ScenarioError
from roadseg_ros.evaluation.settings import EvaluationError
from roadseg_ros.evaluation.terminal import say_progress
from roadseg_ros.memory import tune_malloc


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0, 1 or 2."""
    parser = make_parser()
    add_request_arguments(parser)
    tune_malloc()
    try:
        request = make_request(parser.parse_args(arguments), parser)
        return run_request(request, say=_say, progress=say_progress())
    except (EvaluationError, ScenarioError) as error:
        print(f'evaluate_bag: {error}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print('evaluate_bag: stopped; what is finished is kept: the same command goes on from '
              'there', file=sys.stderr)
        return 2


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == '__main__':
    sys.exit(main())
