"""The tables of report.html."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from roadseg_core.evaluation.pages.columns import CameraColumns
from roadseg_core.labels import TWO, LabelMap
from roadseg_core.metrics import ConfusionMatrix

BAG_COLUMNS = (
    'bag, camera',
    'status',
    'read',
    'evaluated',
    'bad',
    'lost',
    'with truth',
    'road IoU',
    'consistency',
    'flicker',
    'blackout',
    'frozen',
    'drift',
)

Columns = Mapping[str, Mapping[str, CameraColumns]]


def class_table(
    report: dict, columns: Columns, label_map: LabelMap
) -> tuple[list[str], list[list[str]], str]:
    """Return columns, rows and an explanation of the table of classes; there was truth."""
    shares = mean_shares(columns)
    scores = report['scores']
    known = label_map if scores['by_class'] else TWO
    names = [name for number, name in enumerate(known.names) if number not in known.void_ids]
    truth = scores['truth_share']
    rows = []
    for name in names:
        figures = [
            _three(scores[figure].get(name)) for figure in ('iou', 'precision', 'recall', 'f1')
        ]
        rows.append(
            [
                name,
                *figures,
                _percent(truth.get(name)),
                *([_percent(shares.get(name))] if scores['by_class'] else []),
            ]
        )
    about = (
        'Summed over all pixels of the frames with truth; void is left out. '
        f'Pixel accuracy {_three(scores["pixel_accuracy"])}.'
    )
    if scores['absent']:
        about += f' Not in the truth, and not averaged: {", ".join(scores["absent"])}.'
    if not scores['by_class']:
        about += ' Truth and model have other classes: road alone is compared.'
    headings = ['IoU', 'precision', 'recall', 'F1', 'share of the truth']
    return headings + (['share of the picture'] if scores['by_class'] else []), rows, about


def bag_rows(report: dict, columns: Columns, label_map: LabelMap) -> list[list[str]]:
    """Return the rows of the table of bags: one for each camera."""
    by_class = bool(report['scores']) and report['scores']['by_class']
    rows = []
    for bag in report['bags']:
        name = Path(bag['path']).name or bag['path']
        if not bag['cameras']:
            rows.append([name, bag['status'], *[''] * (len(BAG_COLUMNS) - 2)])
        for camera, counts in bag['cameras'].items():
            known = columns.get(bag['path'], {}).get(camera, CameraColumns())
            rows.append(
                [
                    f'{name}, {camera}',
                    bag['status'],
                    *(str(counts[key]) for key in ('read', 'evaluated', 'bad', 'lost', 'scored')),
                    _three(_road_iou(known, label_map if by_class else TWO)),
                    _three(known.mean('consistency')),
                    _three(known.mean('flicker')),
                    str(counts['blackout']),
                    str(counts['frozen']),
                    '' if counts['drift'] is None else f'{counts["drift"]:+.3f}',
                ]
            )
    return rows


def model_facts(report: dict) -> dict[str, object]:
    """Say what the model is."""
    model = report['model']
    height, width = model['input_size']
    return {
        'file': model['path'],
        'sha256': model['sha256'],
        'network': model['network'],
        'input': f'{width}x{height}, {model["geometry"]}',
        'about': model['card'],
        'trained on': model['data'],
        'licence': model['licence'],
    }


def run_facts(report: dict) -> dict[str, object]:
    """Say how it was evaluated."""
    engine, timings = report['engine'], report['timings']
    truth, chosen = report['settings']['truth'], report['settings']['range']
    first, last = chosen['start_seconds'], chosen['end_seconds']
    end = 'the end' if last is None else f'{last:g} s'
    latency = (
        None
        if timings['latency_ms_p50'] is None
        else (
            f'{timings["latency_ms_p50"]:.1f} ms median, {timings["latency_ms_p99"]:.1f} ms for 99 '
            'of 100'
        )
    )
    return {
        'engine': f'{engine["backend"]} on {engine["device"]}, {engine["precision"]}, '
        f'batches of {engine["batch"]}',
        'machine': f'{report["machine"]}, {report["cores"]} cores',
        'speed': f'{timings["frames_per_second"]} frames/s, {timings["seconds"]:.1f} s in all',
        'latency': latency,
        'frames': f'every {chosen["every"]} from {first:g} s to {end}'
        if chosen['every'] > 1
        else f'all from {first:g} s to {end}',
        'truth': ', '.join(truth['topics'].values()) or truth['folder'],
        'versions': ', '.join(f'{name} {number}' for name, number in report['versions'].items()),
    }


def _road_iou(columns: CameraColumns, label_map: LabelMap) -> float | None:
    if columns.confusion is None:
        return None
    matrix = ConfusionMatrix(label_map)
    matrix.counts += columns.confusion
    value = matrix.scores().road_iou
    return None if value != value else value


def mean_shares(columns: Columns) -> dict[str, float]:
    """Return the mean share of the picture over all evaluated frames, by class."""
    sums: dict[str, float] = {}
    frames = 0
    for cameras in columns.values():
        for camera in cameras.values():
            frames += len(camera.stamp_ns)
            for name, share in camera.class_share.items():
                sums[name] = sums.get(name, 0.0) + share
    return {name: total / frames for name, total in sums.items()} if frames else {}


def _three(value: float | None) -> str:
    return '' if value is None else f'{value:.3f}'


def _percent(value: float | None) -> str:
    return '' if value is None else f'{100 * value:.1f} %'
