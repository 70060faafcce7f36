"""
``roadseg add-golden-frame``: store in a model file what every engine is tried on.

    roadseg add-golden-frame my_model.onnx
    roadseg add-golden-frame my_model.onnx --pictures drive/ --overwrite
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from roadseg_core.command_line import add_option

HELP = 'store in a model file a picture and its labels, on which every engine is tried'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    add = partial(add_option, parser)
    add('model', 'model files, changed in place', Path, nargs='+')
    pictures = (
        'pictures to choose from, small enough to be part of the file; default: rendered streets'
    )
    add('--pictures', pictures, Path, metavar='FOLDER')
    add('--overwrite', 'replace golden frames (default: refuse)', False)


def run(options: argparse.Namespace) -> None:
    """Add a golden frame to each file, and print what it shows."""
    from roadseg_core.export.golden_frame import add_golden_frame
    from roadseg_core.model_file import read_model_info

    for model in options.model:
        if read_model_info(model).golden_frame is not None and not options.overwrite:
            raise ValueError(f'{model} has a golden frame; replace it by --overwrite')
        print(f'{model}: {add_golden_frame(model, options.pictures).of}')
