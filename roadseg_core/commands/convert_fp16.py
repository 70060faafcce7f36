"""
``roadseg convert-fp16``: write the fp16 form of a model file, for GPUs.

    roadseg convert-fp16 models/unet_8.onnx --output unet_8_fp16.onnx
    roadseg convert-fp16 my_model.onnx --output my_model_fp16.onnx --frames drive/ --count 32
"""

from __future__ import annotations

import argparse
from pathlib import Path

from roadseg_core.commands.checks import add_overwrite, refuse_to_replace

HELP = 'write the fp16 form of a model file, for TensorRT'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument('model', type=Path, help='model file in fp32')
    parser.add_argument('--output', type=Path, required=True, help='the .onnx file to write')
    parser.add_argument(
        '--frames',
        type=Path,
        metavar='FOLDER',
        help='pictures to compare the two on; default: smooth noise',
    )
    parser.add_argument(
        '--count', type=int, default=16, metavar='N', help='of pictures; default: %(default)s'
    )
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
