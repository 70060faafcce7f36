"""Write a model file's card, in Markdown, from what it says of itself and its evaluations."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from roadseg_core.evaluation.datasets.text import CONDITION_COLUMNS, condition_rows, percent
from roadseg_core.model_file import ModelInfo
from roadseg_core.report.text_table import table

FIGURES = {
    'mIoU': ('scores', 'miou'),
    'road IoU': ('scores', 'road_iou'),
    'people': ('scores', 'iou', 'vru'),
    'pixel accuracy': ('scores', 'pixel_accuracy'),
    'MaxF, image view': ('road', 'image_view', 'max_f'),
    "MaxF, bird's eye": ('road', 'birds_eye_view', 'max_f'),
    'boundary F1': ('road', 'boundary', 'f1'),
}
"""Columns of a card's table of accuracy, and where a report has them."""

_GENERATED = (
    *('Data', 'Accuracy', 'Calibration', 'Fog, rain, night, glare, blur, JPEG'),
    *('Failures', 'How to reproduce', 'Licence'),
)
_ABOUT = """In percent, at the camera's pixels; void truth is ignored. These are validation
parts, by which the best epoch was chosen: CamVid val is one drive of which train holds another
part; KITTI Road comes from few drives, its truth is road or not road, and one of every five
frames of each category is held out. Expect less on streets of your own."""


class CardError(ValueError):
    """Evaluations that are not those of the model file; the message says which."""


def card(
    info: ModelInfo,
    evaluations: Sequence[Mapping],
    *,
    training: Sequence[str],
    beside: Sequence[ModelInfo] = (),
    pictures: Sequence[str] = (),
    before: str = '',
) -> str:
    """
    Return the text of a card.

    :param info: of the model file
    :param evaluations: reports of ``roadseg evaluate`` on that file and those beside it; the
        first of each data set gives what is said of it alone
    :param training: names of the configurations that trained it, in the order of their runs
    :param beside: files that were made of it, such as one in int8
    :param pictures: paths of pictures of failures, from the card
    :param before: the card that there is: its sections of other names than these are kept
    :raises CardError: if an evaluation is of another file, or there is none
    """
    known = [info.sha256, *(other.sha256 for other in beside)]
    others = [report['model'] for report in evaluations if report['sha256'] not in known]
    if others or not evaluations:
        raise CardError(
            f'{others[0]} was evaluated as another file than {info.path} is now; evaluate it again'
            if others
            else 'no evaluation; expected what roadseg evaluate --json wrote'
        )
    first = {report['data']: report for report in reversed(evaluations)}
    first = {name: first[name] for name in dict.fromkeys(report['data'] for report in evaluations)}
    sections = {
        'Data': f'{info.data}.',
        'Accuracy': '\n\n'.join(
            [_ABOUT, _accuracy(evaluations), *filter(None, map(_details, first.values()))]
        ),
        'Calibration': _calibration(evaluations),
    }
    corrupted = {name: report for name, report in first.items() if report['corruptions']}
    if corrupted:
        sections[_GENERATED[3]] = _conditions(corrupted)
    if pictures:
        sections['Failures'] = (
            'The worst frames: frame, truth, prediction, and errors (red: road that was missed, '
            'orange: wrongly called road, grey: another class mistaken).\n\n'
            + '\n\n'.join(f'![The worst frames]({picture})' for picture in pictures)
        )
    sections |= {
        title: text for title, text in _sections(before).items() if title not in _GENERATED
    }
    sections['How to reproduce'] = _commands(info, evaluations, training)
    sections['Licence'] = f'Weights: **{info.licence}.** Train on your own data for other uses.'
    parts = [f'# {info.path.name}\n{_about(info)}', *map(_about_another, beside)]
    parts += [f'## {title}\n{text}' for title, text in sections.items()]
    return '\n\n'.join(parts) + '\n'


def _about(info: ModelInfo) -> str:
    height, width = info.geometry.input_size
    names = ', '.join(info.label_map.names)
    return (
        f'{info.card}. Label map `{info.label_map.name}`: {names}. Input {height}x{width}, '
        f'geometry `{info.geometry.mode}`, batch 1 to {info.max_batch}, {info.precision}'
        + (f', temperature {info.temperature:g}' if info.temperature != 1.0 else '')
        + f'. SHA-256 `{info.sha256[:16]}`.'
    )


def _about_another(info: ModelInfo) -> str:
    changes = ', '.join(
        f'{change["miou_change_points"]:+.2f} points of mIoU on {change["data"]}'
        for change in info.agreement.get('validation', ())
    )
    return (
        f'`{info.path.name}` is the same in {info.precision}'
        + (f": {changes}, at the network's pixels" if changes else '')
        + f'. SHA-256 `{info.sha256[:16]}`.'
    )


def _accuracy(evaluations: Sequence[Mapping]) -> str:
    rows = []
    for report in evaluations:
        cells = []
        for keys in FIGURES.values():
            value = report
            for key in keys:
                value = (value or {}).get(key)
            cells.append(percent(value))
        rows.append((*_of(report), *cells))
    used = [i for i in range(len(rows[0])) if any(row[i] != '-' for row in rows)]
    columns = ('data', 'frames', 'computed in', *FIGURES)
    return table(
        [columns[i] for i in used], [[row[i] for i in used] for row in rows], markdown=True
    )


def _of(report: Mapping) -> tuple[str, str, str]:
    return report['data'], str(report['frames']), report['engine']['precision']


def _details(report: Mapping) -> str:
    """Say what a data set alone has: IoU by class, recall by distance."""
    iou, distance = report['scores']['iou'], report['road']['distance']
    said = []
    if len(iou) > 2:
        said.append('IoU ' + ', '.join(f'{name} {percent(value)}' for name, value in iou.items()))
    if distance:
        bands = (
            f'{band["from_m"]:g} to {band["to_m"]:g} m {percent(band["recall"])}'
            for band in distance
        )
        said.append('recall of the road by distance ' + ', '.join(bands))
    return f'{report["data"]}: {"; ".join(said)}.' if said else ''


def _calibration(evaluations: Sequence[Mapping]) -> str:
    rows = []
    for report in evaluations:
        confidence, road = (
            report['calibration'][key] for key in ('confidence', 'road_probability')
        )
        worst = [
            max(of['calibration'][key]['ece'] for of in report['corruptions'].values())
            if report['corruptions']
            else None
            for key in ('confidence', 'road_probability')
        ]
        figures = (confidence['ece'], road['ece'], *worst, confidence['aurc'])
        told = ['-' if value is None else f'{value:.3f}' for value in figures]
        rows.append((*_of(report), *told, percent(confidence['auroc'])))
    columns = (
        *('data', 'frames', 'computed in', 'ECE, confidence', 'ECE, road'),
        *('worst corrupted, confidence', 'worst corrupted, road', 'AURC', 'AUROC, wrong pixels'),
    )
    return (
        'Of confidence and road probability: docs/evaluation.md says what each figure is.\n\n'
        + (table(columns, rows, markdown=True))
    )


def _conditions(reports: Mapping[str, Mapping]) -> str:
    rows = [(name, *row) for name, report in reports.items() for row in condition_rows(report)]
    about = (
        'Synthetic, of moderate strength (docs/evaluation.md); in brackets the change in points.'
    )
    return f'{about}\n\n{table(("data", *CONDITION_COLUMNS), rows, markdown=True)}'


def _sections(text: str) -> dict[str, str]:
    """Return the sections of a card by their titles."""
    parts = re.split(r'^## (.+)\n', text, flags=re.MULTILINE)[1:]
    return {title: body.strip() for title, body in zip(parts[::2], parts[1::2])}


def _commands(info: ModelInfo, evaluations: Sequence[Mapping], training: Sequence[str]) -> str:
    file = f'models/{info.path.name}'
    run = f'build/training/{Path(training[-1]).name.removesuffix(".yaml")}/best.safetensors'
    lines = [
        'export ROADSEG_DATA=/path/to/data',
        f'roadseg train {" ".join(training)}',
        f'roadseg export {run} --output {file} --overwrite',
    ]
    for report in evaluations:
        file = f'models/{Path(report["model"]).name}'
        data = ':'.join(report['data'].rsplit('_', 1))
        precision = report['engine']['precision'].partition('+')[0]
        lines.append(
            f'roadseg evaluate --model {file} --data {data} --precision {precision}'
            + (' --corruptions' if report['corruptions'] else '')
        )
    commit = [f'Trained by commit `{info.commit[:12]}`.'] if info.commit else []
    return '\n'.join(['```', *lines, '```', *commit])
