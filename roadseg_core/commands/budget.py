"""
``roadseg budget``: what networks cost, and which fits a scenario.

    roadseg budget --scenario parking --measure --plot parking.png
    roadseg budget --network unet filters=16
    roadseg budget --model models/mobilenet_fcn_0.5.onnx --scenario urban
    roadseg budget
"""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from roadseg_core.command_line import add_option
from roadseg_core.commands.checks import add_overwrite, refuse_to_replace
from roadseg_core.files import write_json

if TYPE_CHECKING:
    from roadseg_core.budget.scenario import Scenario

HELP = 'count operations, by layer and over the design space of a scenario'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    add = partial(add_option, parser)
    arguments = "the network's arguments, such as depth_multiplier=0.5"
    add('pairs', arguments, nargs='*', metavar='KEY=VALUE')
    add(
        '--scenario',
        'parking, urban, rural or a file: its design space and the pick; '
        'without it, a network or a model: a line for every network',
        metavar='NAME|FILE',
    )
    what = parser.add_mutually_exclusive_group()
    add_option(what, '--network', 'a network by its name')
    add_option(what, '--model', 'the network of a model file', Path)
    size = 'default: that of the model or scenario, else 320 480'
    add('--input-size', size, int, nargs=2, metavar=('HEIGHT', 'WIDTH'))
    add('--measure', "also measure each candidate's images/s by the engine, here", False)
    add('--json', "also write the scenario's figures, as JSON", Path)
    add('--plot', 'also draw the design space, as PNG', Path)
    add_overwrite(parser)


def run(options: argparse.Namespace) -> None:
    """Count and print; without a network, model or scenario: a line for every network."""
    from roadseg_core.budget.scenario import find_scenario

    if options.pairs and not (options.network or options.model):
        raise ValueError(
            f'argument {options.pairs[0]!r} is of a network; give --network or --model, too'
        )
    refuse_to_replace(options, options.json, options.plot)
    scenario = find_scenario(options.scenario) if options.scenario else None
    if scenario and options.input_size:
        scenario = replace(scenario, input_size=tuple(options.input_size))
    if options.network or options.model:
        _one_network(options, scenario)
    elif scenario:
        _design_space(options, scenario)
    else:
        _all_networks(tuple(options.input_size or (320, 480)))


def _one_network(options: argparse.Namespace, scenario: Scenario) -> None:
    from roadseg_core.budget.operations import build_for_counting, count_operations
    from roadseg_core.budget.tables import describe, layer_table, verdict
    from roadseg_core.model_file import read_model_info
    from roadseg_core.yaml_file import parse_value

    size = tuple(options.input_size or (scenario.input_size if scenario else (320, 480)))
    name, arguments = options.network, {}
    if options.model:
        info = read_model_info(options.model)
        name, arguments = info.network, dict(info.network_arguments)
        size = tuple(options.input_size or info.geometry.input_size)
    for argument in options.pairs:
        key, equals, text = argument.partition('=')
        if not equals:
            raise ValueError(f'argument {argument!r}; expected KEY=VALUE')
        arguments[key] = parse_value(text)
    layers = count_operations(build_for_counting(name, arguments), size)
    print(layer_table(layers))
    if scenario:
        print(f'\n{describe(scenario)}\n{verdict(scenario, name, sum(layers.values()))}')


def _design_space(options: argparse.Namespace, scenario: Scenario) -> None:
    from tqdm import tqdm

    from roadseg_core.budget.design_space import explore, network_arguments, pick
    from roadseg_core.budget.measure import measure_network
    from roadseg_core.budget.operations import build_for_counting, count_operations
    from roadseg_core.budget.plot import plot_design_space
    from roadseg_core.budget.tables import candidate_table, describe, layer_table, verdict

    candidates, measured_on = explore(scenario), ''
    if options.measure:
        measured = []
        for candidate in tqdm(candidates, desc='measuring', unit='network', leave=False):
            rate, engine = measure_network(
                scenario, network_arguments(scenario, candidate.arguments)
            )
            measured.append(replace(candidate, images_per_second=rate))
            measured_on = (
                f'{engine.backend} {engine.device} {engine.precision}, {engine.threads} threads'
            )
        candidates = tuple(measured)
    picked = pick(candidates, scenario)
    print(f'{describe(scenario)}\n')
    if picked is not None:
        network = build_for_counting(
            scenario.network, network_arguments(scenario, picked.arguments)
        )
        print(
            f'{scenario.network} {picked.label}\n'
            f'{layer_table(count_operations(network, scenario.input_size))}\n'
        )
    print(candidate_table(candidates, scenario))
    if measured_on:
        print(f'images/s: {measured_on}, batches of {min(4, len(scenario.cameras))}, median')
    if picked is not None:
        print(
            '\npick: ' + verdict(scenario, f'{scenario.network} {picked.label}', picked.operations)
        )
    elif any(candidate.fits for candidate in candidates):
        print('\npick: none of those that fit is fast enough on this machine')
    else:
        print('\npick: none fits')
    if options.plot:
        plot_design_space(
            options.plot, scenario, candidates, picked=picked, measured_on=measured_on
        )
    if options.json:
        report = {
            'scenario': asdict(scenario),
            'measured_on': measured_on,
            'candidates': [asdict(candidate) for candidate in candidates],
            'pick': None if picked is None else asdict(picked),
        }
        write_json(options.json, report)


def _all_networks(input_size: tuple[int, int]) -> None:
    from roadseg_core.budget.operations import build_for_counting, count_operations
    from roadseg_core.budget.tables import network_table
    from roadseg_core.models import NETWORKS

    found = {}
    for name in NETWORKS:
        network = build_for_counting(name, {})
        found[name] = (
            sum(p.numel() for p in network.parameters()),
            sum(count_operations(network, input_size).values()),
        )
    print(
        f'{input_size[0]}x{input_size[1]} (height x width), default arguments\n'
        f'{network_table(found)}'
    )
