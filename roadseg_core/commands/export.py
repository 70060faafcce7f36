"""
``roadseg export``: write a model file from a checkpoint.

    roadseg export build/training/own_streets/best.safetensors --output my_model.onnx
    roadseg export best.safetensors --output my_model.onnx --frames drive/ --precision fp16
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from roadseg_core.command_line import add_option
from roadseg_core.commands.checks import add_overwrite, refuse_to_replace

HELP = 'write a model file from a checkpoint'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    add = partial(add_option, parser)
    add('checkpoint', '.safetensors file of a training run', Path)
    add('--output', 'the .onnx file to write', Path, required=True)
    pictures = 'pictures for the numeric check (default: smooth noise)'
    add('--frames', pictures, Path, metavar='FOLDER')
    add(
        '--precision',
        'types in the file: fp16 is for TensorRT; OpenVINO takes fp32 and '
        'runs it in bf16 where the processor can; for int8: quantize (default: %(default)s)',
        'fp32',
        choices=('fp32', 'fp16'),
    )
    add_overwrite(parser)


def run(options: argparse.Namespace) -> None:
    """Export, and print how well the file agrees with PyTorch."""
    from roadseg_core.export.agreement import describe_agreement
    from roadseg_core.export.run import export_checkpoint

    refuse_to_replace(options, options.output)
    agreement = export_checkpoint(
        options.checkpoint, options.output, frames=options.frames, precision=options.precision
    )
    print(f'{options.output}: {describe_agreement(agreement, "PyTorch")}')
