"""Draw the curves of several training runs in one picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from roadseg_core.report.charts import SERIES
from roadseg_core.training.run_folder import METRICS, RunError, read_metrics

_GREY = '#4a5568'
_FIGURES = {
    'loss': 'loss',
    'score': 'mean IoU (of the road, where truth knows road only)',
    'pixel_accuracy': 'pixel accuracy',
    'road_precision': 'road precision',
    'road_recall': 'road recall',
    'auc': 'area under the ROC curve of the road',
}
_TRAINING = {'linestyle': '--', 'alpha': 0.7}
_VALIDATION = {'marker': '.'}

Curve = list[tuple[int, float]]


@dataclass(frozen=True)
class RunCurves:
    """Hold the epochs of a run, as ``metrics.jsonl`` has them."""

    name: str
    rows: Sequence[Mapping]

    def training(self, key: str) -> Curve:
        """Return (epoch, value) of a figure over the training samples."""
        return self._curve(lambda row: row['loss'] if key == 'loss' else row['train'].get(key))

    def validation(self, key: str) -> Curve:
        """Return the same on the validation sets, averaged over them."""
        if key in ('loss', 'score'):
            return self._curve(lambda row: row.get({'loss': 'validation_loss'}.get(key, key)))

        def mean(row: Mapping) -> float | None:
            values = [figures.get(key) for figures in row.get('validation', {}).values()]
            known = [value for value in values if value is not None]
            return float(np.mean(known)) if known else None

        return self._curve(mean)

    def _curve(self, read: Callable[[Mapping], float | None]) -> Curve:
        return [(row['epoch'], value) for row in self.rows if (value := read(row)) is not None]


def read_curves(folder: Path) -> RunCurves:
    """
    Read a run's ``metrics.jsonl``.

    :raises RunError: if there is none, or nothing in it
    """
    rows = read_metrics(folder)
    if not rows:
        raise RunError(
            f'{folder}: no {METRICS} with an epoch in it; expected the folder of a '
            'run, such as build/training/unet_8'
        )
    return RunCurves(folder.name, rows)


def plot_curves(path: Path, runs: Sequence[RunCurves]) -> None:
    """Draw loss, score and figures of the road over the epochs, as PNG."""
    figure = Figure(figsize=(13, 7.2 + 0.22 * len(runs)), layout='constrained')
    colours = [SERIES[number % len(SERIES)] for number in range(len(runs))]
    for axes, (key, title) in zip(figure.subplots(2, 3).ravel(), _FIGURES.items(), strict=True):
        for run, colour in zip(runs, colours):
            for curve, style in (
                (run.training(key), _TRAINING),
                (run.validation(key), _VALIDATION),
            ):
                if curve:
                    axes.plot(*zip(*curve, strict=True), color=colour, linewidth=1.4, **style)
        axes.set_title(title, fontsize=10)
        axes.set_xlabel('epoch')
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.spines[['top', 'right']].set_visible(False)
    handles = [Line2D([], [], color=colour, label=run.name) for run, colour in zip(runs, colours)]
    handles += [
        Line2D([], [], color=_GREY, label='validation', **_VALIDATION),
        Line2D([], [], color=_GREY, label='training', **_TRAINING),
    ]
    figure.legend(handles=handles, loc='outside lower center', ncols=min(4, len(handles)))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)
