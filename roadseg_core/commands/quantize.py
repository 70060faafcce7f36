r"""
``roadseg quantize``: write a model file in int8, if it loses little.

    roadseg quantize models/unet_8.onnx --output unet_8_int8.onnx \
        --calibrate $ROADSEG_DATA/camvid/train --data camvid:val
    roadseg quantize my_model.onnx --output my_model_int8.onnx --root data \
        --calibrate data/my_streets/images --data folder folder=my_streets label_set=my_streets.yaml
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from roadseg_core.command_line import add_option
from roadseg_core.commands.checks import (
    add_data,
    add_overwrite,
    open_data,
    refuse_recordings,
    refuse_to_replace,
)

HELP = 'write a model file in int8'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    add = partial(add_option, parser)
    add('model', 'model file in fp32', Path)
    add('--output', 'the .onnx file to write', Path, required=True)
    pictures = 'pictures that set the ranges of values'
    add('--calibrate', pictures, Path, nargs='+', required=True, metavar='FOLDER')
    add('--calibration-frames', 'how many of them, spread evenly', 48)
    add_data(parser)
    limit = 'points of mIoU it may lose on any of them; else nothing is written'
    add('--limit', limit, 0.5, metavar='POINTS')
    keep = 'convolutions to leave in fp32, by parts of their names (default: none)'
    add('--keep', keep, [], type=str, nargs='*', metavar='NAME')
    add_overwrite(parser)


def run(options: argparse.Namespace) -> None:
    """Quantize, validate, write, and print what changed."""
    from roadseg_core.model_file import read_model_info
    from roadseg_core.quantization.run import quantize_file

    refuse_recordings(options.data, options.pairs)
    refuse_to_replace(options, options.output)
    sources = open_data(options, read_model_info(options.model).label_map)
    changes = quantize_file(
        options.model,
        options.output,
        calibration=options.calibrate,
        sources=sources,
        count=options.calibration_frames,
        limit=options.limit,
        keep=options.keep,
    )
    for change in changes:
        print(
            f'{options.output}: {change.data}, {change.frames} frames: '
            f'{100 * change.labels:.2f} % of the labels equal those of fp32; mIoU '
            f'{100 * change.miou_before:.2f} to {100 * change.miou_after:.2f} '
            f'({-change.drop:+.2f} points)'
        )
