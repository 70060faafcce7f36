"""``roadseg train``: train a network from a configuration."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = 'train a network from a configuration'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument('config', type=Path, help='YAML file, see config/training')
    parser.add_argument('overrides', nargs='*', metavar='key=value',
                        help='such as epochs=3 or optimizer.learning_rate=0.01')


def run(options: argparse.Namespace) -> None:
    """Train as the configuration says."""
    from roadseg_core.training.config import load_config
    from roadseg_core.training.train import train

    train(load_config(options.config, options.overrides))
