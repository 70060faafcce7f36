"""
``roadseg info``: print what a model file says about itself.

    roadseg info models/mobilenet_fcn_0.5.onnx
    roadseg info my_model.onnx
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

HELP = 'print what a model file says about itself'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument('model', type=Path)


def run(options: argparse.Namespace) -> None:
    """Print the metadata as JSON."""
    from roadseg_core.model_file import read_model_info

    info = read_model_info(options.model)
    golden = info.golden_frame
    values = {
        **vars(info),
        'path': str(info.path),
        'label_map': info.label_map.to_dict(),
        'geometry': vars(info.geometry),
        'golden_frame': golden and golden.of,
    }
    print(json.dumps(values, indent=2))
