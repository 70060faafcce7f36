"""Define the figures in which two models are compared, as sums over frames."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from roadseg_core.labels import TWO, LabelMap

Key = tuple[str, str, int, int]
"""Bag, camera, stamp in nanoseconds, index."""

_MICRO = 1_000_000
_MEANS = ('consistency', 'flicker', 'confidence', 'road_share')
OF_THE_CLASSES = ('consistency', 'confidence')
"""Figures that rise by themselves where there are fewer classes to take one for another."""


@dataclass(frozen=True)
class Figure:
    """
    Compute a figure from what its frames add up to.

    :param addends: int64 [frames, k]
    :param compute: sums int64 [..., k] to float64 [...]; NaN where the figure does not exist
    """

    addends: np.ndarray
    compute: Callable[[np.ndarray], np.ndarray]


def read_rows(path: Path) -> dict[Key, dict]:
    """Read frames.jsonl."""
    rows = {}
    with path.open(encoding='utf-8') as file:
        for line in file:
            row = json.loads(line)
            rows[row['bag'], row['camera'], row['stamp_ns'], row['index']] = row
    return rows


def score_map(report: dict) -> LabelMap | None:
    """Return what the confusion matrices of a report's rows count; None without any."""
    if not report['scores']:
        return None
    # Truth of other classes than the model's, however many, is compared by road and not road.
    by_class = report['scores']['by_class']
    return LabelMap.from_dict(report['model']['label_map']) if by_class else TWO


def frame_figures(
    rows: list[dict], label_map: LabelMap | None, *, by_class: bool, same_classes: bool
) -> dict[str, Figure]:
    """
    Return the figures that a model's rows allow, by name.

    :param label_map: from :func:`score_map`
    :param by_class: whether IoU by class is wanted: both are scored by the same classes
    :param same_classes: whether the other model has the same classes
    """
    figures = {}
    if label_map is not None:
        classes = len(label_map.names)
        zero = np.zeros((classes, classes + 1), np.int64)
        counts = np.stack(
            [np.array(row['confusion'], np.int64) if row.get('confusion') else zero for row in rows]
        )
        road = _road_counts(counts, label_map)
        figures['road_iou'] = Figure(
            road, lambda sums: _ratio(sums[..., 0], sums[..., 1] + sums[..., 2] - sums[..., 0])
        )
        figures['road_precision'] = Figure(road, lambda sums: _ratio(sums[..., 0], sums[..., 2]))
        figures['road_recall'] = Figure(road, lambda sums: _ratio(sums[..., 0], sums[..., 1]))
        if by_class:
            classwise = _class_counts(counts)
            valid = np.array(label_map.valid_ids)
            figures['miou'] = Figure(classwise, lambda sums: _mean_iou(sums, valid))
            for index in label_map.valid_ids:
                figures[f'iou.{label_map.names[index]}'] = Figure(
                    classwise, lambda sums, index=index: _iou(sums)[..., index]
                )
    for name in _MEANS:
        if name in OF_THE_CLASSES and not same_classes:
            continue
        if any(row.get(name) is not None for row in rows):
            # Millionths, as rows are rounded: whole numbers add up the same in any order.
            figures[name] = Figure(
                np.array(
                    [
                        (0, 0) if row.get(name) is None else (round(row[name] * _MICRO), _MICRO)
                        for row in rows
                    ],
                    np.int64,
                ),
                lambda sums: _ratio(sums[..., 0], sums[..., 1]),
            )
    return figures


def frame_difference(first: dict, second: dict, *, same_classes: bool) -> float:
    """
    Say how much two models differ on a frame, 0 to 1.

    By the road's IoU where there is truth, else by the shares of the classes.
    """
    if first.get('road_iou') is not None and second.get('road_iou') is not None:
        return abs(first['road_iou'] - second['road_iou'])
    if same_classes:
        shares, others = first['class_share'], second['class_share']
        return sum(abs(share - others.get(name, 0.0)) for name, share in shares.items()) / 2
    return abs(first['road_share'] - second['road_share'])


def _road_counts(counts: np.ndarray, label_map: LabelMap) -> np.ndarray:
    """Return pixels of road found, of road in truth, and called road: int64 [frames, 3]."""
    road = list(label_map.road_ids)
    return np.stack(
        (
            counts[:, road][:, :, road].sum((1, 2)),
            counts[:, road].sum((1, 2)),
            counts[:, :, road].sum((1, 2)),
        ),
        1,
    )


def _class_counts(counts: np.ndarray) -> np.ndarray:
    """Return hits, pixels in truth and pixels called, by class: int64 [frames, 3 * classes]."""
    hits = np.diagonal(counts, axis1=1, axis2=2)
    return np.concatenate((hits, counts.sum(2), counts[:, :, :-1].sum(1)), 1)


def _iou(sums: np.ndarray) -> np.ndarray:
    """Return IoU by class; NaN of a class that the truth does not show."""
    hits, truth, called = np.split(sums, 3, axis=-1)
    return np.where(truth > 0, _ratio(hits, truth + called - hits), np.nan)


def _mean_iou(sums: np.ndarray, valid: np.ndarray) -> np.ndarray:
    iou = _iou(sums)[..., valid]
    known = ~np.isnan(iou)
    return _ratio(np.where(known, iou, 0.0).sum(-1), known.sum(-1))


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    return np.divide(
        part, whole, out=np.full(np.broadcast(part, whole).shape, np.nan), where=whole > 0
    )
