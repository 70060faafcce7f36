"""Format operations as tables: by layer, by network, by candidate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from roadseg_core.budget.design_space import Candidate
from roadseg_core.budget.scenario import Scenario
from roadseg_core.report.text_table import table


def layer_table(layers: Mapping[str, int]) -> str:
    """Return a line a layer: its operations in 10^6, and its share."""
    total = sum(layers.values())
    rows = [
        (name, f'{operations / 1e6:.1f}', f'{100 * operations / total:.1f}')
        for name, operations in (*layers.items(), ('total', total))
    ]
    return table(('layer', 'MFLOPs', '%'), rows)


def network_table(by_name: Mapping[str, tuple[int, int]]) -> str:
    """Return one line per network, from its parameters and its operations on an image."""
    return table(
        ('network', 'parameters', 'MFLOPs'),
        [
            (name, f'{parameters:,}', f'{operations / 1e6:.1f}')
            for name, (parameters, operations) in by_name.items()
        ],
    )


def candidate_table(candidates: Sequence[Candidate], scenario: Scenario) -> str:
    """Return a line a candidate; with measured rates where there are any."""
    measured = any(candidate.images_per_second is not None for candidate in candidates)
    columns = (*scenario.design_space, 'MFLOPs', 'GOPS', 'fits')
    rows = [
        (
            *(f'{value:g}' for value in candidate.arguments.values()),
            f'{candidate.operations / 1e6:.1f}',
            f'{candidate.gops:.1f}',
            'yes' if candidate.fits else 'no',
            *(_rate(candidate, scenario) if measured else ()),
        )
        for candidate in candidates
    ]
    return table((*columns, 'images/s', 'enough') if measured else columns, rows)


def describe(scenario: Scenario) -> str:
    """Say in a line what a scenario asks for."""
    height, width = scenario.input_size
    return (
        f'{scenario.name}: {len(scenario.cameras)} x {scenario.fps:g} = '
        f'{scenario.images_per_second:g} images/s of {height}x{width} (height x width), '
        f'{scenario.classes} classes ({scenario.label_map}), accuracy {scenario.accuracy}, '
        f'budget {scenario.budget_gops:g} GOPS'
    )


def verdict(scenario: Scenario, what: str, operations: int) -> str:
    """Say in a line whether a network is inside a scenario's budget."""
    return (
        f'{what}: {operations / 1e6:.1f} MFLOPs per image, '
        f'{scenario.gops(operations):.1f} GOPS, '
        f'{"inside" if scenario.fits(operations) else "over"} the budget of '
        f'{scenario.budget_gops:g}'
    )


def _rate(candidate: Candidate, scenario: Scenario) -> tuple[str, str]:
    if candidate.images_per_second is None:
        return '', ''
    enough = candidate.images_per_second >= scenario.images_per_second
    return f'{candidate.images_per_second:.1f}', 'yes' if enough else 'no'
