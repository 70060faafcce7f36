"""
``roadseg check-data``: read a whole data set and say what is in it and what is wrong.

    roadseg check-data cityscapes:val subset=900_100_59 crop=central
    roadseg check-data folder folder=my_streets label_set=my_streets.yaml --root data
"""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from roadseg_core.command_line import add_option
from roadseg_core.commands.checks import add_overwrite, refuse_recordings, refuse_to_replace

if TYPE_CHECKING:
    from roadseg_core.data.check import SplitReport

HELP = 'read a whole data set; say what is in it and what is wrong'


_SHEETS = Path('build/check-data')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    add = partial(add_option, parser)
    add(
        'data',
        'camvid, cityscapes, comma10k, folder, kitti_road, kitti_semantic or '
        'virtual_kitti; all splits that are there unless one is named',
        metavar='NAME[:SPLIT]',
    )
    pairs = 'options of the data set, such as subset=900_100_59 crop=central'
    add('pairs', pairs, nargs='*', metavar='key=value')
    add('--root', 'folder of the data sets (default: $ROADSEG_DATA)')
    label_map = 'what the truth becomes; default: seven, or for folder the map of its label_set'
    add('--label-map', label_map, metavar='NAME|FILE')
    sheets = 'where contact sheets go, a picture a split'
    add('--output', sheets, _SHEETS, type=Path, metavar='FOLDER')
    add('--sheet', 'frames on a contact sheet, 0 for none', 12)
    add('--json', 'print the report as JSON', False)
    add_overwrite(parser)


def run(options: argparse.Namespace) -> int:
    """Check, print the report, write contact sheets; 1 if something is wrong."""
    from roadseg_core.data.check_run import check_data_set
    from roadseg_core.data.options import read_options
    from roadseg_core.data.source import data_root

    refuse_recordings([options.data], options.pairs)
    if options.sheet > 0 and options.output != _SHEETS:
        refuse_to_replace(options, *sorted(options.output.glob('*.png')))
    name, _, split = options.data.partition(':')
    result = check_data_set(
        name,
        root=data_root(options.root),
        split=split or None,
        options=read_options(options.pairs),
        label_map=options.label_map,
        sheets=options.output if options.sheet > 0 else None,
        sheet_frames=options.sheet,
    )
    if options.json:
        print(json.dumps(result.to_dict(), indent=2))
    else:
        for report in result.reports:
            print('\n'.join(_lines(report)))
        for absent in result.absent:
            print(f'left out, which is no error: {absent}')
        for path in result.sheets:
            print(f'contact sheet: {path}')
    if not result.passed:
        print(f'{name}: something is wrong with this data set', file=sys.stderr)
    return 0 if result.passed else 1


def _lines(report: SplitReport, *, most: int = 20) -> list[str]:
    total = max(1, sum(entry.pixels for entry in report.classes) + report.unlabelled)
    sizes = ', '.join(f'{size} ({count})' for size, count in report.sizes.items())
    lines = [
        f'{report.name}: {report.frames} frames, {report.readable} readable, '
        f'{len(report.problems)} problems',
        f'  sizes: {sizes or "none"}',
        '   id  class                  pixels    frames  becomes',
    ]
    for entry in report.classes:
        if entry.pixels:
            lines.append(
                f'  {entry.id:>3}  {entry.name:<20} {entry.pixels / total:>7.3%}  '
                f'{entry.frames:>8}  {entry.becomes}'
            )
    if report.unlabelled:
        lines.append(f'       {"(no truth)":<20} {report.unlabelled / total:>7.3%}')
    never = [entry.name for entry in report.classes if not entry.pixels]
    if never:
        lines.append(f'  never: {", ".join(never)}')
    for what, (frames, pixels) in report.outside.items():
        lines.append(f'  outside the label map: {what}: {pixels} pixels in {frames} frames')
    for kind, sentences in (('problem', report.problems), ('twice', report.repeated)):
        lines += [f'  {kind}: {sentence}' for sentence in sentences[:most]]
        if len(sentences) > most:
            lines.append(f'  {kind}: and {len(sentences) - most} more; --json has all')
    return lines
