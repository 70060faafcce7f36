"""
``roadseg evaluate-ground``: compare the road on the ground, in metres, with the truth.

    roadseg evaluate-ground
    roadseg evaluate-ground --json ground.json --picture ground.png
"""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from roadseg_core.command_line import add_option
from roadseg_core.commands.checks import add_model, add_overwrite, open_chosen, refuse_to_replace
from roadseg_core.files import write_json

HELP = 'compare the road on the ground, in metres, with the truth'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    add = partial(add_option, parser)
    add('--root', 'folder of the data sets, for KITTI Road (default: $ROADSEG_DATA)')
    add('--moments', 'moments of each rendered drive', 12, metavar='N')
    add_model(parser)
    add('--json', 'write the figures as JSON', Path)
    add('--picture', 'draw a fused grid over the truth, as PNG', Path)
    add_overwrite(parser)


def run(options: argparse.Namespace) -> None:
    """Evaluate, print the figures and write what was asked for."""
    refuse_to_replace(options, options.json, options.picture)
    if options.moments < 1:
        raise ValueError(f'--moments {options.moments}; expected 1 or more')
    from tqdm import tqdm

    from roadseg_core.evaluation.datasets.frames import ENGINE_OUTPUTS
    from roadseg_core.evaluation.ground.run import evaluate_ground, write_grids
    from roadseg_core.evaluation.ground.text import summary

    with ExitStack() as stack:
        engine = open_chosen(options, ENGINE_OUTPUTS)
        stack.callback(engine.close)
        progress = stack.enter_context(
            tqdm(unit='step', leave=False, disable=not sys.stderr.isatty())
        )
        report, moment = evaluate_ground(
            engine, root=options.root, moments=options.moments, on_step=progress.update
        )
        progress.close()
        print(summary(report))
        if options.json:
            write_json(options.json, report)
        if options.picture:
            write_grids(options.picture, moment, Path(report['model']).stem)
