"""The curves of several runs in one picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from roadseg_core.training.run_folder import METRICS, RunError, read_metrics

_COLOURS = ('#2563a8', '#c2571a', '#2f855a', '#7b4aa6', '#b83280', '#4a5568')
_FIGURES = {
    'pixel_accuracy': 'pixel accuracy',
    'road_precision': 'road precision',
    'road_recall': 'road recall',
    'auc': 'area under the ROC curve of the road',
}

Curve = list[tuple[int, float]]


@dataclass(frozen=True)
class RunCurves:
    """
    Hold what happened in a run.

    :param training: (epoch, value) by figure, over the training samples
    :param validation: the same on the validation sets, averaged over them
    """

    name: str
    training: Mapping[str, Curve]
    validation: Mapping[str, Curve]


def read_curves(folder: Path) -> RunCurves:
    """
    Read a run's ``metrics.jsonl``.

    :raises RunError: if there is none, or nothing in it
    """
    rows = read_metrics(folder)
    if not rows:
        raise RunError(
            f'{folder}: no {METRICS} with an epoch in it; expected the folder of a '
            'run, such as build/training/unet'
        )
    training = {'loss': _curve(rows, lambda row: row.get('loss'))}
    validation = {
        'loss': _curve(rows, lambda row: row.get('validation_loss')),
        'score': _curve(rows, lambda row: row.get('score')),
    }
    for key in _FIGURES:
        training[key] = _curve(rows, lambda row, key=key: row.get('train', {}).get(key))
        validation[key] = _curve(
            rows,
            lambda row, key=key: _mean(
                [figures.get(key) for figures in row.get('validation', {}).values()]
            ),
        )
    return RunCurves(folder.name, training, validation)


def plot_curves(path: Path, runs: Sequence[RunCurves]) -> None:
    """Draw loss, score and figures of the road over the epochs, as PNG."""
    figure = Figure(figsize=(13, 7.2 + 0.22 * len(runs)), layout='constrained')
    panels = figure.subplots(2, 3).ravel()
    titles = {
        'loss': 'loss',
        'score': 'mean IoU (of the road, where truth knows road only)',
        **_FIGURES,
    }
    for axes, (key, title) in zip(panels, titles.items(), strict=True):
        _draw(axes, runs, key)
        axes.set_title(title, fontsize=10)
    for axes in panels[3:]:
        axes.set_xlabel('epoch')
    handles = [
        Line2D([], [], color=_colour(number), label=run.name) for number, run in enumerate(runs)
    ]
    handles += [
        Line2D([], [], color='#4a5568', label='validation', marker='.'),
        Line2D([], [], color='#4a5568', label='training', linestyle='--', alpha=0.7),
    ]
    figure.legend(handles=handles, loc='outside lower center', ncols=min(4, len(handles)))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)


def _draw(axes: Axes, runs: Sequence[RunCurves], key: str) -> None:
    for number, run in enumerate(runs):
        for curve, style in (
            (run.training.get(key, []), {'linestyle': '--', 'alpha': 0.7}),
            (run.validation[key], {'marker': '.'}),
        ):
            if curve:
                axes.plot(*zip(*curve, strict=True), color=_colour(number), linewidth=1.4, **style)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    for side in ('top', 'right'):
        axes.spines[side].set_visible(False)


def _colour(number: int) -> str:
    return _COLOURS[number % len(_COLOURS)]


def _curve(rows: Sequence[Mapping], read: Callable[[Mapping], float | None]) -> Curve:
    """Return (epoch, value) where there is a value."""
    return [(row['epoch'], value) for row in rows if (value := read(row)) is not None]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
