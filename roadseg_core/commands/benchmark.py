r"""
``roadseg benchmark engine``: time engines against each other, in turn within one run.

    roadseg benchmark engine models/mobilenet_fcn_0.5.onnx --batch 1,4
    roadseg benchmark engine models/unet_8.onnx --compare openvino:fp32,onnxruntime --batch 4
"""

from __future__ import annotations

import argparse
import shlex
from dataclasses import fields
from functools import partial
from pathlib import Path

from roadseg_core.command_line import add_option
from roadseg_core.commands.checks import add_engine, add_overwrite, refuse_to_replace
from roadseg_core.files import write_json

HELP = 'time engines against each other'
_ENGINE_HELP = 'frames per second, latency, memory and agreement of engines'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    engine = parser.add_subparsers(dest='what', required=True).add_parser(
        'engine',
        help=_ENGINE_HELP,
        description=_ENGINE_HELP,
        epilog=parser.epilog,
        formatter_class=parser.formatter_class,
    )
    add = partial(add_option, engine)
    add('model', 'model file, or training checkpoint', Path)
    add_engine(engine)
    outputs = 'labels (default), road_probability, confidence'
    add('--outputs', outputs, 'labels', metavar='A,B')
    add('--batch', 'frames in a call', '4', metavar='N,M')
    add(
        '--compare',
        'other contenders: [FILE.onnx=]BACKEND[@DEVICE][:PRECISION][+OUTPUT...]; '
        'onnxruntime and torch alone run the plain network in fp32 (default: none)',
        '',
        metavar='A,B',
    )
    add(
        '--checkpoint',
        'of the model: weights of the plain network, and what the labels are compared '
        'with (default: none)',
        Path,
    )
    add('--frames', 'pictures to run on (default: smooth noise)', Path, metavar='FOLDER')
    add('--agreement-frames', 'pictures for the agreement of labels', 32)
    add('--rounds', 'turns of each contender', 8)
    add('--seconds', 'length of a turn', 0.5)
    add('--threads', 'on the CPU; 0 (default): one per core', 0)
    add('--pinning', 'bind threads to cores', False)
    add('--cache-dir', 'folder of compiled models (default: none)', Path, metavar='FOLDER')
    add('--output', 'also write the figures, as JSON', Path)
    add_overwrite(engine)


def run(options: argparse.Namespace) -> None:
    """
    Measure, print the table, write the JSON.

    :raises BenchmarkError: for what cannot be measured as asked; EngineError for an engine
    """
    from roadseg_core.benchmarking.run import benchmark
    from roadseg_core.benchmarking.table import table

    refuse_to_replace(options, options.output)
    report = {'command': _command(options), **benchmark(_settings(options))}
    print(table(report))
    if options.output:
        write_json(options.output, report)


def _settings(options: argparse.Namespace) -> object:
    from roadseg_core.benchmarking.specification import (
        BenchmarkError,
        BenchmarkSettings,
        parse_contender,
    )

    try:
        batches = tuple(int(number) for number in options.batch.split(','))
    except ValueError as error:
        raise BenchmarkError(f'--batch {options.batch!r}; expected numbers: 1,4') from error
    precision = '' if options.precision == 'auto' else f':{options.precision}'
    # Written with its device even where that is auto: a bare torch is the plain network.
    device = (
        '' if options.device == 'auto' and options.backend != 'torch' else (f'@{options.device}')
    )
    texts = [f'{options.backend}{device}{precision}', *options.compare.split(',')]
    contenders = tuple(parse_contender(text) for text in texts if text)
    named = {field.name for field in fields(BenchmarkSettings)}
    chosen = {name: value for name, value in vars(options).items() if name in named}
    chosen['outputs'] = tuple(options.outputs.split(','))
    return BenchmarkSettings(**chosen, contenders=contenders, batches=batches)


def _command(options: argparse.Namespace) -> str:
    """Return the command line that gives this report again."""
    words = ['roadseg', 'benchmark', 'engine', str(options.model)]
    defaults = argparse.ArgumentParser()
    add_arguments(defaults)
    fresh = vars(defaults.parse_args(['engine', str(options.model)]))
    for name, value in vars(options).items():
        if name not in fresh or name in ('what', 'model') or value == fresh[name]:
            continue
        words.append(f'--{name.replace("_", "-")}')
        if value is not True:
            words.append(str(value))
    return shlex.join(words)
