r"""
``roadseg fit-temperature``: let a model file's confidence say how often it is right.

    roadseg fit-temperature my_model.onnx --data camvid:val kitti_road:val \
        --output my_model_fitted.onnx
    roadseg fit-temperature my_model.onnx --data camvid:val frames=40 --output fitted.onnx
"""

from __future__ import annotations

import argparse
from pathlib import Path

from roadseg_core.command_line import add_option
from roadseg_core.commands.checks import (
    add_data,
    add_overwrite,
    open_data,
    refuse_recordings,
    refuse_to_replace,
)

HELP = 'fit the temperature of a model file, where its confidence gains by it'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    add_option(parser, 'model', 'model file in fp32 or int8', Path)
    add_option(parser, '--output', 'the .onnx file to write, if it helps', Path, required=True)
    add_data(parser)
    add_option(parser, '--precision', 'that the engine computes in', 'auto')
    add_overwrite(parser)


def run(options: argparse.Namespace) -> None:
    """Fit, say what it brings, and write the file where that is something."""
    from roadseg_core.evaluation.datasets.temperature import fit_temperature, model_with
    from roadseg_core.files import write_atomically
    from roadseg_core.model_file import read_model

    refuse_recordings(options.data, options.pairs)
    refuse_to_replace(options, options.output)
    model = read_model(options.model)
    if model.info.precision == 'fp16':
        raise ValueError(
            f'{options.model} is typed in fp16: fit the file in fp32, and convert that'
        )
    sources = open_data(options, model.info.label_map)
    fit = fit_temperature(model, sources, precision=options.precision)
    for name, before in fit.ece_before.items():
        print(
            f'{name}: expected calibration error of the confidence {before:.4f} at temperature '
            f'{model.info.temperature:g}, {fit.ece_after[name]:.4f} at {fit.temperature:g}'
        )
    if not fit.helps:
        print(f'no gain of 0.001: {options.output} is not written')
        return
    with write_atomically(options.output) as temporary:
        temporary.write_bytes(model_with(model, fit.temperature).content)
    print(f'{options.output}: temperature {fit.temperature:g}')
