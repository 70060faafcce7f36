"""The design space lists the candidate networks of a scenario, their costs and the pick."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from roadseg_core.budget.operations import build_for_counting, count_operations
from roadseg_core.budget.scenario import Scenario
from roadseg_core.models import NETWORKS, NetworkError


@dataclass(frozen=True)
class Candidate:
    """
    One network of the design space.

    :param arguments: those that are varied, as the network takes them
    :param operations: on one image
    :param gops: 10^9 operations per second in the scenario
    :param fits: whether that is inside the scenario's budget
    :param images_per_second: the engine's measured rate, or None where none was measured
    """

    arguments: Mapping[str, float]
    operations: int
    gops: float
    fits: bool
    images_per_second: float | None = None

    @property
    def label(self) -> str:
        """Return the values of the arguments, such as (0.5, 7, 1024)."""
        return f'({", ".join(f"{value:g}" for value in self.arguments.values())})'


def network_arguments(scenario: Scenario, varied: Mapping[str, float]) -> dict[str, object]:
    """
    Return the arguments of the scenario's network: its classes, and those that are varied.

    :raises NetworkError: for an unknown network
    """
    if scenario.network not in NETWORKS:
        raise NetworkError(
            f'scenario {scenario.name!r} with the network {scenario.network!r}; '
            f'expected one of {sorted(NETWORKS)}'
        )
    known = inspect.signature(NETWORKS[scenario.network]).parameters
    return {'classes' if 'classes' in known else 'out_channels': scenario.classes, **varied}


def explore(scenario: Scenario) -> tuple[Candidate, ...]:
    """
    Count every candidate of a scenario's design space, in the order of its lists.

    :raises NetworkError: if the network does not take the arguments
    """
    candidates = []
    names = list(scenario.design_space)
    for values in itertools.product(*scenario.design_space.values()):
        varied = dict(zip(names, values))
        network = build_for_counting(scenario.network, network_arguments(scenario, varied))
        operations = sum(count_operations(network, scenario.input_size).values())
        candidates.append(
            Candidate(varied, operations, scenario.gops(operations), scenario.fits(operations))
        )
    return tuple(candidates)


def pick(candidates: Sequence[Candidate], scenario: Scenario) -> Candidate | None:
    """
    Choose the candidate with the most operations among those that fit; None if none does.

    Accuracy grows with operations, so the budget is there to be spent. A candidate whose
    measured rate is below the scenario's images per second is out.
    """
    return max(
        (
            candidate
            for candidate in candidates
            if candidate.fits
            and (
                candidate.images_per_second is None
                or candidate.images_per_second >= scenario.images_per_second
            )
        ),
        key=lambda candidate: candidate.operations,
        default=None,
    )
