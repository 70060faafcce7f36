r"""
``roadseg card``: write a model file's card from its evaluations.

    roadseg card my_model.onnx camvid.json --training own_streets
    roadseg card models/parking.onnx camvid.json kitti_road.json --training parking \
        --pictures docs/images/parking_camvid.jpg --overwrite
"""

from __future__ import annotations

import argparse
import json
import os
from functools import partial
from pathlib import Path

from roadseg_core.command_line import add_option
from roadseg_core.commands.checks import add_overwrite, refuse_to_replace

HELP = 'write the card of a model file from its evaluations'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    add = partial(add_option, parser)
    add('model', 'model file', Path)
    reports = 'reports that roadseg evaluate --corruptions --json wrote'
    add('evaluations', reports, Path, nargs='+')
    add('--beside', 'files made of it that were evaluated, too: int8', [], type=Path, nargs='*')
    names = 'configurations that trained it, in the order of their runs'
    add('--training', names, required=True, nargs='+', metavar='NAME')
    add('--pictures', 'pictures of failures (default: none)', [], type=Path, nargs='*')
    add('--output', 'the card (default: MODEL.md; sections of your own in it are kept)', Path)
    add_overwrite(parser)


def run(options: argparse.Namespace) -> None:
    """Write the card."""
    from roadseg_core.evaluation.datasets.card import card
    from roadseg_core.files import write_atomically
    from roadseg_core.model_file import read_model_info

    output = options.output or options.model.with_suffix('.md')
    refuse_to_replace(options, output)
    text = card(
        read_model_info(options.model),
        [json.loads(path.read_text(encoding='utf-8')) for path in options.evaluations],
        beside=[read_model_info(path) for path in options.beside],
        training=options.training,
        pictures=[os.path.relpath(path, output.parent) for path in options.pictures],
        before=output.read_text(encoding='utf-8') if output.exists() else '',
    )
    with write_atomically(output) as temporary:
        temporary.write_text(text, encoding='utf-8')
    print(output)
