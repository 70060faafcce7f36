r"""
``roadseg quantize``: write a model file in int8, if it loses little.

    roadseg quantize models/unet_8.onnx --output unet_8_int8.onnx \
        --calibrate $ROADSEG_DATA/camvid/train --data camvid:val
"""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = 'write a model file in int8'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument('model', type=Path, help='model file in fp32')
    parser.add_argument('--output', type=Path, required=True, help='the .onnx file to write')
    parser.add_argument(
        '--calibrate',
        type=Path,
        nargs='+',
        required=True,
        metavar='FOLDER',
        help='pictures that set the ranges of values',
    )
    parser.add_argument(
        '--calibration-frames',
        type=int,
        default=48,
        metavar='N',
        help='how many of them, spread evenly',
    )
    parser.add_argument(
        '--data',
        nargs='+',
        required=True,
        metavar='NAME[:SPLIT]',
        help='data sets to validate on; the split is val by default',
    )
    parser.add_argument('--root', help='folder of the data sets; default: $ROADSEG_DATA')
    parser.add_argument(
        '--limit',
        type=float,
        default=0.5,
        metavar='POINTS',
        help='points of mIoU it may lose on any of them; else nothing is written',
    )
    parser.add_argument(
        '--keep',
        nargs='*',
        default=[],
        metavar='NAME',
        help='convolutions to leave in fp32, by parts of their names',
    )


def run(options: argparse.Namespace) -> None:
    """Quantize, validate, write, and print what changed."""
    from roadseg_core.data.dataset import open_source
    from roadseg_core.data.source import data_root
    from roadseg_core.model_file import read_model_info
    from roadseg_core.quantization.run import quantize_file

    label_map = read_model_info(options.model).label_map
    sources = []
    for text in options.data:
        name, _, split = text.partition(':')
        root = Path() if name == 'rendered' else data_root(options.root)
        sources.append(open_source(name, root=root, split=split or 'val', label_map=label_map))
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
