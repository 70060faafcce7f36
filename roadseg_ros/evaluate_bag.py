"""Evaluate recorded bags: ``ros2 run roadseg_ros evaluate_bag BAG ... --output FOLDER``."""

from __future__ import annotations

from collections.abc import Sequence
import sys

from roadseg_ros.evaluation.arguments import make_parser, make_settings
from roadseg_ros.evaluation.run import evaluate_bags
from roadseg_ros.evaluation.settings import EvaluationError
from roadseg_ros.evaluation.terminal import say_progress, say_report


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0, 1 or 2."""
    try:
        settings = make_settings(make_parser().parse_args(arguments))
        report = evaluate_bags(settings, progress=say_progress())
    except EvaluationError as error:
        print(f'evaluate_bag: {error}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print('evaluate_bag: stopped', file=sys.stderr)
        return 2
    say_report(report, settings.output)
    return report['exit_code']


if __name__ == '__main__':
    sys.exit(main())
