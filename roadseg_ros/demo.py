"""
The demo: a rendered drive, or a source of one's own, through player and node into a report.

``python -m roadseg_ros.demo [--source PATH]``; see ``--help``. Processes: this one renders,
records and reports; the node and the player are processes of their own, connected by DDS.
"""

from __future__ import annotations

import os
import signal
import sys

from roadseg_core.sources.source import SourceError
from roadseg_ros.demonstration.settings import parse_arguments
from roadseg_ros.live.accounting import AccountingError
from roadseg_ros.live.processes import DemoError, process_environment
from roadseg_ros.memory import tune_malloc


def main(arguments: list[str] | None = None) -> int:
    """Run the demo; 0 if the node ran through and every frame is accounted for."""
    settings = parse_arguments(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):
        # Raises KeyboardInterrupt, so that the node and the player are stopped on the way out.
        signal.signal(number, signal.default_int_handler)
    settings.output.mkdir(parents=True, exist_ok=True)
    # Before anything of ROS is loaded, which reads them.
    os.environ.update(process_environment(settings.output.resolve()))
    tune_malloc()
    from roadseg_ros.demonstration.run import run_demo

    try:
        return run_demo(settings)
    except (AccountingError, DemoError, SourceError) as error:
        print(f'\ndemo: {error}', file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print('\ndemo: stopped', file=sys.stderr, flush=True)
        return 130


if __name__ == '__main__':
    sys.exit(main())
