"""``roadseg evaluate``: compare a model with the truth of a data set."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

HELP = 'compare a model with a data set'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument('--model', type=Path, required=True, help='model file or checkpoint')
    parser.add_argument('--data', required=True, metavar='NAME[:SPLIT]',
                        help='camvid, kitti_road or rendered; the split is val by default')
    parser.add_argument('--root', help='folder of the data sets; default: $ROADSEG_DATA')
    parser.add_argument('--backend', default='auto', help='auto, openvino, tensorrt or torch')
    parser.add_argument('--output', type=Path, help='also write the report as JSON here')


def run(options: argparse.Namespace) -> None:
    """Evaluate, and print the report."""
    from roadseg_core.evaluate import evaluate_model

    name, _, split = options.data.partition(':')
    report = evaluate_model(options.model, data=name, split=split or 'val', root=options.root,
                            backend=options.backend)
    text = json.dumps(report, indent=2)
    print(text)
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(text + '\n', encoding='utf-8')
