"""The ``roadseg`` command: train, export, evaluate, info."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 for success, 1 with a message on stderr for what the user can fix."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (ValueError, OSError, ImportError) as error:
        print(f'roadseg {options.command}: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='roadseg', description='Road segmentation models.')
    commands = parser.add_subparsers(dest='command', required=True)

    train = commands.add_parser('train', help='train a network from a configuration')
    train.add_argument('config', type=Path, help='YAML file, see config/training')
    train.add_argument('overrides', nargs='*', metavar='key=value',
                       help='such as epochs=3 or optimizer.learning_rate=0.01')
    train.set_defaults(run=_train)

    export = commands.add_parser('export', help='write a model file from a checkpoint')
    export.add_argument('checkpoint', type=Path)
    export.add_argument('--output', type=Path, required=True, help='the .onnx file to write')
    export.add_argument('--frames', type=Path, metavar='FOLDER',
                        help='pictures for the numeric check; default: smooth noise')
    export.set_defaults(run=_export)

    evaluate = commands.add_parser('evaluate', help='compare a model with a data set')
    evaluate.add_argument('--model', type=Path, required=True, help='model file or checkpoint')
    evaluate.add_argument('--data', required=True, metavar='NAME[:SPLIT]',
                          help='camvid, kitti_road or rendered; the split is val by default')
    evaluate.add_argument('--root', help='folder of the data sets; default: $ROADSEG_DATA')
    evaluate.add_argument('--backend', default='auto', help='auto, openvino, tensorrt or torch')
    evaluate.add_argument('--output', type=Path, help='also write the report as JSON here')
    evaluate.set_defaults(run=_evaluate)

    info = commands.add_parser('info', help='print what a model file says about itself')
    info.add_argument('model', type=Path)
    info.set_defaults(run=_info)
    return parser


def _train(options: argparse.Namespace) -> None:
    from roadseg_core.training.config import load_config
    from roadseg_core.training.train import train

    train(load_config(options.config, options.overrides))


def _export(options: argparse.Namespace) -> None:
    from roadseg_core.export import export_checkpoint

    agreement = export_checkpoint(options.checkpoint, options.output, frames=options.frames)
    print(f'{options.output}: {json.dumps(agreement)}')


def _evaluate(options: argparse.Namespace) -> None:
    from roadseg_core.evaluate import evaluate_model

    name, _, split = options.data.partition(':')
    report = evaluate_model(options.model, data=name, split=split or 'val', root=options.root,
                            backend=options.backend)
    text = json.dumps(report, indent=2)
    print(text)
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(text + '\n', encoding='utf-8')


def _info(options: argparse.Namespace) -> None:
    from roadseg_core.model_file import read_model_info

    info = read_model_info(options.model)
    values = {**vars(info), 'path': str(info.path), 'label_map': info.label_map.to_dict(),
              'geometry': vars(info.geometry)}
    print(json.dumps(values, indent=2))


if __name__ == '__main__':
    sys.exit(main())
