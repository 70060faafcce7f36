"""Write report.json: the figures of an evaluation, from the totals and the parts."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

import roadseg_core
from roadseg_core.engines import Engine
from roadseg_core.evaluation.drives.rows import rounded
from roadseg_core.evaluation.drives.scoring import truth_label_map
from roadseg_core.evaluation.drives.totals import BagTotals
from roadseg_core.evaluation.settings.conditions import CLASS_PREFIX, check
from roadseg_core.evaluation.settings.config import EvaluationConfig
from roadseg_core.evaluation.settings.values import EvaluationError
from roadseg_core.labels import TWO, LabelMap
from roadseg_core.machine import processor, versions
from roadseg_core.metrics import ConfusionMatrix, GroundCounts

_OF_THE_MODEL = ('sha256', 'network', 'precision', 'licence', 'card', 'data')
_PACKAGES = ('numpy', 'opencv-python-headless', 'openvino', 'tensorrt', 'torch', 'rosbags')


def make_report(
    config: EvaluationConfig,
    totals: BagTotals,
    engine: dict[str, object],
    timings: Path,
    *,
    seconds: float,
) -> dict[str, object]:
    """
    Return report.json as plain types.

    :param engine: what :func:`describe_engine` said
    :param timings: timings.jsonl
    :param seconds: what the bags' evaluations took, one after another
    """
    frames = totals.frames
    by_class = engine['by_class']
    label_map = engine['label_map'] if by_class else TWO
    values = None
    if totals.confusion is not None:
        values = score_values(
            totals.confusion, label_map, by_class=by_class, frames=frames['scored']
        )
    bags = [bag.to_dict() for bag in totals.bags]
    report = {
        'model': engine['model'],
        'engine': engine['engine'],
        'versions': {'roadseg': roadseg_core.__version__, **versions(_PACKAGES)},
        'machine': processor(),
        'cores': len(os.sched_getaffinity(0)),
        'settings': config.model_dump(mode='json'),
        'bags': bags,
        'bags_lost': sum(bag['status'] == 'failed' for bag in bags),
        'frames': frames,
        'scores': values,
        'no_truth': {
            'consistency': rounded(totals.consistency.value),
            'flicker': rounded(totals.flicker.value),
            'blackout': frames['blackout'],
            'frozen': frames['frozen'],
            'confidence': _mean_confidence(totals),
            'confidence_drift': rounded(totals.confidence_drift),
        },
        'timings': {
            **_latency(timings),
            'seconds': round(seconds, 3),
            'frames_per_second': round(frames['evaluated'] / seconds, 2) if seconds else None,
        },
    }
    if totals.ground is not None:
        counts = GroundCounts(totals.ground)
        report['ground'] = {
            'within_20_m': counts.figures(20.0),
            'by_distance': counts.by_distance(),
        }
    report['conditions'] = check(report, config.conditions)
    report['exit_code'] = exit_code(report)
    return report


def score_values(
    confusion: np.ndarray, label_map: LabelMap, *, by_class: bool, frames: int
) -> dict[str, object]:
    """
    Return the section ``scores`` of report.json.

    :param confusion: int64 [classes, classes + 1]
    :param label_map: of the classes that it counts
    :param by_class: whether they are the model's own
    :param frames: frames with truth
    """
    matrix = ConfusionMatrix(label_map)
    matrix.counts += confusion
    scores = matrix.scores()
    # Scores round for reading; conditions want what was measured.
    return {
        **scores.to_dict(),
        **{
            name: None if np.isnan(value) else rounded(value)
            for name, value in vars(scores).items()
            if isinstance(value, float)
        },
        'iou': {name: rounded(value) for name, value in scores.iou.items()},
        'truth_share': {
            name: rounded(count / max(1, confusion.sum()))
            for name, count in zip(label_map.names, confusion.sum(axis=1))
        },
        'by_class': by_class,
        'frames': frames,
    }


def exit_code(report: dict) -> int:
    """Return 0: all conditions hold; 1: some do not; 2: a part of the input was lost."""
    if any(bag['status'] != 'ok' for bag in report['bags']):
        return 2
    return 0 if all(condition['passed'] for condition in report['conditions']) else 1


def describe_engine(engine: Engine, config: EvaluationConfig) -> dict[str, object]:
    """
    Say what ran, and what of it the report needs when it is closed.

    :raises EvaluationError: if a condition names a class that is not compared
    """
    info, what = engine.info, engine.description
    by_class = truth_label_map(config, info.label_map).names == info.label_map.names
    classes = (info.label_map if by_class else TWO).names
    for condition in config.conditions:
        name = condition.name.removeprefix(CLASS_PREFIX)
        if name != condition.name and name not in classes:
            raise EvaluationError(
                f"'{condition}' can never be decided: {name!r} is no class of this evaluation; "
                f'its classes are {", ".join(classes)}'
            )
    return {
        'label_map': info.label_map,
        'by_class': by_class,
        'model': {
            'path': str(info.path),
            **{name: getattr(info, name) for name in _OF_THE_MODEL},
            'geometry': info.geometry.mode,
            'input_size': list(info.geometry.input_size),
            'label_map': info.label_map.to_dict(),
        },
        'engine': {**vars(what), 'batch': config.engine.batch or info.max_batch},
    }


def _mean_confidence(totals: BagTotals) -> float | None:
    count = int(totals.confidence.sum())
    return rounded(totals.confidence @ np.arange(256) / 255 / count) if count else None


def _latency(timings: Path) -> dict[str, float | None]:
    with timings.open(encoding='utf-8') as lines:
        values = np.fromiter((json.loads(line)['latency_ms'] for line in lines), np.float32)
    if not len(values):
        return {'latency_ms_p50': None, 'latency_ms_p99': None}
    return {
        f'latency_ms_p{share}': round(float(np.percentile(values, share)), 3) for share in (50, 99)
    }
