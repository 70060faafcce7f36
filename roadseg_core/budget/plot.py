"""Plot a design space."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from roadseg_core.budget.design_space import Candidate
from roadseg_core.budget.scenario import Scenario
from roadseg_core.report.charts import SERIES


def plot_design_space(
    path: Path,
    scenario: Scenario,
    candidates: Sequence[Candidate],
    *,
    picked: Candidate | None,
    measured_on: str = '',
) -> None:
    """
    Draw the candidates' operations against the budget, and measured rates against the need.

    :param path: the PNG to write
    :param measured_on: the engine and machine of the rates, for the axis
    """
    measured = [c for c in candidates if c.images_per_second is not None]
    figure = Figure(figsize=(13 if measured else 7.5, 5.2), layout='constrained')
    panels = figure.subplots(1, 2 if measured else 1, squeeze=False)[0]
    _draw_operations(panels[0], scenario, candidates, picked)
    if measured:
        _draw_rates(panels[1], scenario, measured, picked, measured_on)
    figure.suptitle(
        f'{scenario.name}: {len(scenario.cameras)} cameras x {scenario.fps:g} '
        f'frames/s, {scenario.classes} classes, {scenario.network}'
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)


def _draw_operations(
    axes: Axes, scenario: Scenario, candidates: Sequence[Candidate], picked: Candidate | None
) -> None:
    for position, candidate in enumerate(candidates):
        axes.barh(position, candidate.gops, color='#2563a8' if candidate.fits else '#b9c2cd')
    if picked is not None:
        axes.barh(candidates.index(picked), picked.gops, color='#c2571a')
    axes.axvline(scenario.budget_gops, color='#1b2430', linestyle='--')
    # Inside the axes, on the side that has room.
    roomy = scenario.budget_gops < 0.7 * max(c.gops for c in candidates)
    axes.text(
        scenario.budget_gops,
        -1.0,
        f' budget {scenario.budget_gops:g} ',
        va='center',
        ha='left' if roomy else 'right',
    )
    axes.set_yticks(
        range(len(candidates)),
        [c.label for c in candidates],
        fontsize=max(5.0, min(9.0, 260 / len(candidates))),
    )
    axes.set_ylim(len(candidates) - 0.4, -1.6)
    axes.set_ylabel(', '.join(scenario.design_space))
    axes.set_xlabel('10⁹ operations per second  (orange: the pick; grey: over budget)')


def _draw_rates(
    axes: Axes,
    scenario: Scenario,
    measured: Sequence[Candidate],
    picked: Candidate | None,
    measured_on: str,
) -> None:
    first = next(iter(scenario.design_space))
    for colour, value in zip(SERIES, scenario.design_space[first]):
        group = [c for c in measured if c.arguments[first] == value]
        axes.scatter(
            [c.gops for c in group],
            [c.images_per_second for c in group],
            s=26,
            color=colour,
            label=f'{first} {value:g}',
        )
    if picked is not None:
        axes.scatter(
            [picked.gops],
            [picked.images_per_second],
            s=160,
            facecolors='none',
            edgecolors='#c2571a',
            linewidths=2,
            label=f'pick {picked.label}',
        )
    axes.axvline(scenario.budget_gops, color='#1b2430', linestyle='--')
    axes.axhline(
        scenario.images_per_second,
        color='#1b2430',
        linestyle=':',
        label=f'needed: {scenario.images_per_second:g} images/s',
    )
    axes.set_ylim(bottom=0)
    axes.set_xlabel('10⁹ operations per second (dashed: the budget)')
    axes.set_ylabel(f'measured images/s{", " + measured_on if measured_on else ""}')
    axes.legend()
