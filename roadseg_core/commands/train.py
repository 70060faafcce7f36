"""
``roadseg train``: train a network from a configuration.

    roadseg train own_streets data.root=data
    roadseg train config/training/mobilenet_fcn.yaml epochs=10 --resume
"""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = 'train a network from a configuration'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument(
        'config',
        type=Path,
        help='YAML file, or the name of one in config/training, such as own_streets',
    )
    parser.add_argument(
        'pairs',
        nargs='*',
        metavar='key=value',
        help='such as epochs=3 or optimizer.learning_rate=0.01; data.root is the folder of the '
        'data sets, by default $ROADSEG_DATA',
    )
    parser.add_argument(
        '--smoke',
        action='store_true',
        help='a trial of seconds: generated data, small sizes and widths',
    )
    start = parser.add_mutually_exclusive_group()
    start.add_argument(
        '--resume',
        action='store_const',
        const='resume',
        dest='start',
        default='new',
        help='go on with the run of this name, if there is one',
    )
    start.add_argument(
        '--overwrite',
        action='store_const',
        const='overwrite',
        dest='start',
        help='delete the earlier run of this name',
    )


def run(options: argparse.Namespace) -> None:
    """Train as the configuration says."""
    from roadseg_core.training.config_file import SMOKE, load_config
    from roadseg_core.training.train import train

    config = load_config(options.config, options.pairs, smoke=options.smoke)
    # What an earlier trial has left is worth nothing.
    again = options.smoke and options.start == 'new' and config.output == SMOKE['output']
    train(config, start='overwrite' if again else options.start)
