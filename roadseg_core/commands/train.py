"""
``roadseg train``: train a network from a configuration.

    roadseg train own_streets data.root=data
    roadseg train config/training/mobilenet_fcn_0.5.yaml epochs=10 --resume
    roadseg train mobilenet_fcn_0.5 mobilenet_fcn_0.5_finish data.root=data
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
    add(
        'config',
        'YAML file, or the name of one in config/training, such as own_streets; of several, each '
        'one after the first starts from the best checkpoint of the one before',
    )
    add(
        'pairs',
        'such as epochs=3 or optimizer.learning_rate=0.01; data.root is the folder of the '
        'data sets, by default $ROADSEG_DATA. Keys apply to every configuration, init= to the '
        'first only',
        nargs='*',
        metavar='config or key=value',
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
    """Train as the configurations say, one after the other."""
    from roadseg_core.training.config import ConfigError
    from roadseg_core.training.config_file import SMOKE, load_config
    from roadseg_core.training.run_folder import BEST, refuse_earlier_run
    from roadseg_core.training.train import train

    pairs = [word for word in options.pairs if '=' in word]
    names = [options.config, *(word for word in options.pairs if '=' not in word)]
    configs = [load_config(name, pairs, smoke=options.smoke) for name in names]
    folders = [Path(config.output, config.name) for config in configs]
    if len(set(folders)) < len(folders):
        raise ConfigError(f'{" ".join(names)}: several runs would write one folder: {folders[-1]}')
    # What an earlier trial has left is worth nothing.
    trial = options.smoke and options.start == 'new' and configs[0].output == SMOKE['output']
    start = 'overwrite' if trial else options.start
    # Before the hours of the first run, not after them.
    for folder in folders[1:]:
        refuse_earlier_run(folder, start)
    for config, earlier in zip(configs, [None, *folders]):
        if earlier:
            config = config.model_copy(update={'init': str(earlier / BEST)})
        train(config, start=start)
