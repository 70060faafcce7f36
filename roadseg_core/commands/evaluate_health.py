"""
``roadseg evaluate-health``: measure what camera health finds, and its false alarms.

    roadseg evaluate-health
    roadseg evaluate-health --root $ROADSEG_DATA --trials 200 --json health.json --html health.html
"""

from __future__ import annotations

import argparse
import os
from contextlib import closing
from functools import partial
from pathlib import Path

from roadseg_core.command_line import add_option
from roadseg_core.commands.checks import add_model, add_overwrite, open_chosen, refuse_to_replace

HELP = 'measure what the health of cameras finds, and its false alarms'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    add = partial(add_option, parser)
    add_model(parser)
    root = 'folder of recordings and data sets (default: $ROADSEG_DATA, or none: rendered drives)'
    add('--root', root, os.environ.get('ROADSEG_DATA'), type=Path, metavar='FOLDER')
    add('--trials', 'times that each fault is simulated on each part of the clips', 200)
    add('--json', 'write the figures as JSON (default: nowhere)', Path)
    add('--html', 'write them as a page (default: nowhere)', Path)
    add('--markdown', 'print tables as Markdown', False)
    add_overwrite(parser)


def run(options: argparse.Namespace) -> None:
    """Evaluate, print the tables and write what was asked for."""
    refuse_to_replace(options, options.json, options.html)
    if options.root is not None and not Path(options.root).is_dir():
        raise ValueError(f'{options.root} is no folder; name that of the data by --root')
    if options.trials < 1:
        raise ValueError(f'{options.trials} trials; expected at least 1')
    from roadseg_core.evaluation.health.report import evaluate_health, summary, write_report
    from roadseg_core.files import write_json

    with closing(open_chosen(options, ('labels', 'confidence'))) as engine:
        report = evaluate_health(
            options.root,
            engine,
            trials=options.trials,
            command=f'roadseg evaluate-health --trials {options.trials}',
        )
    print(summary(report, markdown=options.markdown))
    if options.json:
        write_json(options.json, report)
    if options.html:
        write_report(options.html, report, [options.json] if options.json else [])
