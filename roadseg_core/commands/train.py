"""``roadseg train``: train a network from a configuration."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = 'train a network from a configuration'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument('config', type=Path, help='YAML file, see config/training')
    parser.add_argument(
        'pairs',
        nargs='*',
        metavar='key=value',
        help='such as epochs=3 or optimizer.learning_rate=0.01',
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
        help='go on with the run of this name',
    )
    start.add_argument(
        '--overwrite',
        action='store_const',
        const='overwrite',
        dest='start',
        help='delete the earlier run of this name',
    )
    start.add_argument(
        '--measure-data-loading',
        action='store_true',
        help='train for a minute and say how far data loading slows it down',
    )


def run(options: argparse.Namespace) -> None:
    """Train as the configuration says."""
    from roadseg_core.training.config_file import load_config
    from roadseg_core.training.data_rate import measure_data_loading
    from roadseg_core.training.train import train

    config = load_config(options.config, options.pairs, smoke=options.smoke)
    if options.measure_data_loading:
        measure_data_loading(config)
    else:
        train(config, start=options.start)
