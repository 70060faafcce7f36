"""
``roadseg build-engine``: build TensorRT's plans before the vehicle needs them.

    roadseg build-engine models/mobilenet_fcn_0.5.onnx
    roadseg build-engine my_model.onnx --check
"""

from __future__ import annotations

import argparse
import logging
from functools import partial
from pathlib import Path

from roadseg_core.command_line import add_option

HELP = "build TensorRT's plans of a model file, or check the file against TensorRT's rules"

NODE_OUTPUTS = ('labels', 'labels,confidence')
"""What the node asks for: without and with a subscriber of confidence."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    add = partial(add_option, parser)
    add('model', 'model file', Path)
    add(
        '--outputs',
        'what a plan computes, of labels, road_probability, confidence; may be given more '
        f'than once, for a plan each; default: {" and ".join(NODE_OUTPUTS)}, which the node uses',
        action='append',
        metavar='A,B',
    )
    add('--device', 'auto (default), cuda or cuda:N', 'auto')
    add('--precision', "auto (default), or the file's own; fp32 rules out TF32", 'auto')
    plans = "folder of plans, as the node's cache_dir; default: the user's cache"
    add('--cache-dir', plans, Path, metavar='FOLDER')
    log = "TensorRT's log, which is added to; default: build-MODEL.log in the folder of plans"
    add('--log', log, Path)
    add('--check', 'check the file alone: needs neither TensorRT nor a GPU', False)


def run(options: argparse.Namespace) -> int:
    """Check or build; 0 if all went well."""
    sets = [tuple(text.split(',')) for text in options.outputs or NODE_OUTPUTS]
    return _check(options.model, sets) if options.check else _build(options, sets)


def _check(model: Path, sets: list[tuple[str, ...]]) -> int:
    import onnx

    from roadseg_core.engines.tensorrt.network import prepare_network
    from roadseg_core.engines.tensorrt.rules import refuse_unsupported
    from roadseg_core.model_file import read_model_info

    info = read_model_info(model)
    graph = onnx.load(model)
    for outputs in sets:
        refuse_unsupported(prepare_network(graph, outputs), model)
        print(
            f'{model}, {",".join(outputs)}: keeps the rules of TensorRT 10 and 11 '
            f'({info.precision})'
        )
    return 0


def _build(options: argparse.Namespace, sets: list[tuple[str, ...]]) -> int:
    from roadseg_core.engines import EngineError
    from roadseg_core.engines.tensorrt.offline_build import build_offline, logged_to
    from roadseg_core.files import user_cache

    folder = options.cache_dir or user_cache()
    log_file = options.log or folder / f'build-{options.model.stem}.log'
    log = logging.getLogger('roadseg_core')
    # What is worth a look goes to the terminal as well: why a plan is built, warnings.
    terminal = logging.StreamHandler()
    terminal.setLevel(logging.INFO)
    log.addHandler(terminal)
    try:
        with logged_to(log_file):
            print(f'log: {log_file}')
            for outputs in sets:
                log.info('%s, %s', options.model, ','.join(outputs))
                try:
                    built = build_offline(
                        options.model,
                        outputs,
                        device=options.device,
                        precision=options.precision,
                        cache_dir=options.cache_dir,
                    )
                except EngineError as error:
                    log.debug('%s', error)
                    raise
                what = built.description
                graphs = [str(count) for count, graph in built.graphs.items() if graph]
                log.debug('%s', built)
                print(
                    f'{built.path}: {built.path.stat().st_size / 1e6:.1f} MB, ready after '
                    f'{built.seconds:.1f} s: TensorRT {what.version} on {what.device} in '
                    f'{what.precision}; CUDA graphs for {", ".join(graphs) or "no"} frames'
                )
    finally:
        log.removeHandler(terminal)
    return 0
