"""A scenario: what is evaluated, and what must come out."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from roadseg_core.evaluation.compare.verdict import Rule
from roadseg_core.evaluation.settings.conditions import Condition
from roadseg_core.evaluation.settings.settings import EvaluationError, Settings, Truth
from roadseg_core.evaluation.settings.strict_yaml import YamlError


class ScenarioError(YamlError):
    """A scenario that cannot be run; the message names the file, the key and the reason."""


@dataclass(frozen=True)
class EngineChoice:
    """What runs the model; as the node's parameters of these names."""

    backend: str = 'auto'
    device: str = 'auto'
    precision: str = 'auto'
    threads: int = 0
    batch: int = 0


@dataclass(frozen=True)
class ComparisonChoice:
    """
    How two models are compared.

    :param against: the model file to compare with
    :param rule: what must hold of the differences for the model to be accepted
    :param block_seconds: length of the blocks that are drawn
    """

    against: Path
    rule: tuple[Rule, ...] = ()
    confidence: float = 0.95
    block_seconds: float = 2.0
    resamples: int = 2000
    seed: int = 0
    pictures: int = 6


@dataclass(frozen=True)
class LiveChoice:
    """
    How bags are played to a running node.

    :param rate: speed, 1 for as recorded
    :param clock_hz: rate of /clock, 0 for none
    :param fps: the node's cap; None for the rate of the bag
    :param node: name of a node that runs already; None to start one
    """

    rate: float = 1.0
    clock_hz: float = 100.0
    fps: float | None = None
    node: str | None = None


@dataclass(frozen=True)
class OutputChoice:
    """What is measured and written; as the fields of ``Settings`` of these names."""

    confidence: bool = True
    consistency: bool = True
    annotated: str = ''
    video: bool = False
    pictures: int = 4


@dataclass(frozen=True)
class Scenario:
    """
    Hold a scenario file, checked.

    :param bags: bags, in the order of the file
    :param cameras: image topic by camera; empty to find them
    :param model: None for the one shipped
    :param start_seconds: where to begin, after the bag's first message
    :param end_seconds: where to end; None for the end of the bag
    :param every: take every n-th frame
    """

    path: Path
    name: str
    bags: tuple[Path, ...]
    description: str = ''
    cameras: dict[str, str] = field(default_factory=dict)
    model: Path | None = None
    engine: EngineChoice = EngineChoice()
    truth: Truth = Truth()
    start_seconds: float = 0.0
    end_seconds: float | None = None
    every: int = 1
    road_threshold: float = 0.0
    outputs: OutputChoice = OutputChoice()
    conditions: tuple[Condition, ...] = ()
    comparison: ComparisonChoice | None = None
    live: LiveChoice | None = None

    def settings(self, output: Path) -> Settings:
        """
        Return what ``evaluate_bag`` would be told by options.

        :raises ScenarioError: if the parts do not fit together
        """
        try:
            return Settings(
                bags=self.bags,
                output=output,
                model=str(self.model or ''),
                cameras=self.cameras,
                start=self.start_seconds,
                end=self.end_seconds,
                every=self.every,
                truth=self.truth,
                road_threshold=self.road_threshold,
                conditions=self.conditions,
                **vars(self.engine),
                **vars(self.outputs),
            )
        except EvaluationError as error:
            raise ScenarioError(f'{self.path}: {error}') from error
