"""
``roadseg train``: train a network from a configuration.

    roadseg train own_streets data.root=data
    roadseg train config/training/mobilenet_fcn.yaml epochs=10 --resume
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from roadseg_core.command_line import add_option

HELP = 'train a network from a configuration'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    add = partial(add_option, parser)
    add('config', 'YAML file, or the name of one in config/training, such as own_streets', Path)
    add(
        'pairs',
        'such as epochs=3 or optimizer.learning_rate=0.01; data.root is the folder of the '
        'data sets, by default $ROADSEG_DATA',
        nargs='*',
        metavar='key=value',
    )
    add('--smoke', 'a trial of seconds: generated data, small sizes and widths', False)
    start = {'dest': 'start', 'action': 'store_const'}
    group = parser.add_mutually_exclusive_group()
    again = 'go on with the run of this name, if there is one'
    add_option(group, '--resume', again, **start, const='resume')
    anew = 'delete the earlier run of this name'
    add_option(group, '--overwrite', anew, **start, const='overwrite')
    parser.set_defaults(start='new')


def run(options: argparse.Namespace) -> None:
    """Train as the configuration says."""
    from roadseg_core.training.config_file import SMOKE, load_config
    from roadseg_core.training.train import train

    config = load_config(options.config, options.pairs, smoke=options.smoke)
    # What an earlier trial has left is worth nothing.
    again = options.smoke and options.start == 'new' and config.output == SMOKE['output']
    train(config, start='overwrite' if again else options.start)
