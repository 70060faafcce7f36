"""
``roadseg convert-fp16``: write the fp16 form of a model file, for GPUs.

    roadseg convert-fp16 models/unet_8.onnx --output unet_8_fp16.onnx
    roadseg convert-fp16 my_model.onnx --output my_model_fp16.onnx --frames drive/ --count 32
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from roadseg_core.command_line import add_option
from roadseg_core.commands.checks import add_overwrite, refuse_to_replace

HELP = 'write the fp16 form of a model file, for TensorRT'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    add = partial(add_option, parser)
    add('model', 'model file in fp32', Path)
    add('--output', 'the .onnx file to write', Path, required=True)
    pictures = 'pictures to compare the two on (default: smooth noise)'
    add('--frames', pictures, Path, metavar='FOLDER')
    add('--count', 'of pictures', 16)
    add_overwrite(parser)


def run(options: argparse.Namespace) -> None:
    """Convert, and print how well the two files agree."""
    from roadseg_core.export.agreement import describe_agreement
    from roadseg_core.export.half_precision import convert_file
    from roadseg_core.model_file import read_model_info
    from roadseg_core.sources.picture_batches import load_pictures

    refuse_to_replace(options, options.output)
    geometry = read_model_info(options.model).geometry
    frames = load_pictures(geometry, options.frames, options.count)
    of = 'smooth noise' if options.frames is None else f'pictures of {options.frames.name}'
    agreement = convert_file(options.model, options.output, frames, of=of)
    print(f'{options.output}: {describe_agreement(agreement, "the fp32 file")}')
