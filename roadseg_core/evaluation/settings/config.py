"""Define the configuration of an evaluation: the model of its files and of its options."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import PrivateAttr, model_validator

from roadseg_core.evaluation.settings.conditions import unmeasurable
from roadseg_core.evaluation.settings.sections import (
    ComparisonChoice,
    EngineChoice,
    FleetChoice,
    GroundChoice,
    LiveChoice,
    OutputChoice,
    RangeChoice,
    TruthChoice,
)
from roadseg_core.evaluation.settings.values import (
    CameraTopics,
    Conditions,
    NewPath,
    Paths,
    PathValue,
    Section,
    option,
)
from roadseg_core.pipeline.decoding import Fallback

FORMAT = 1
"""The format of evaluation files that this version reads."""


class EvaluationConfig(Section):
    """
    Everything that an evaluation depends on; it can be sent to another process.

    Paths in an evaluation file count from the file's own folder; ``$NAME`` and ``~`` are replaced.

    :param name: of the suite in the JUnit file
    :param model: None for the one shipped
    :param conditions: what must hold for exit code 0
    :param comparison: with which model to compare, and how; None for none
    :param live: how to play the bags to a node; None to evaluate without one
    """

    format: Literal[FORMAT] = FORMAT
    name: str = 'evaluate_bag'
    description: str = ''
    bags: Paths = ()
    output: NewPath = option(Path('evaluation'), 'folder of the results')
    model: PathValue | None = option(
        None, 'model file or checkpoint (default: the one shipped)', metavar='MODEL'
    )
    cache_dir: str = option('', 'folder for compiled models')
    cameras: CameraTopics = option(
        {},
        'image topic of a camera (default: all that look like cameras)',
        flag='--camera',
        metavar='NAME=TOPIC',
    )
    road_threshold: float = option(
        0.0, 'least road probability of the road mask; 0: labels decide', ge=0, le=1
    )
    conditions: Conditions = option(
        (),
        "what must hold, such as 'road_iou >= 0.95'",
        flag='--condition',
        metavar="'NAME >= NUMBER'",
    )
    engine: EngineChoice = EngineChoice()
    range: RangeChoice = RangeChoice()
    truth: TruthChoice = TruthChoice()
    ground: GroundChoice = GroundChoice()
    outputs: OutputChoice = OutputChoice()
    comparison: ComparisonChoice | None = None
    live: LiveChoice | None = None
    fleet: FleetChoice = FleetChoice()

    _fallback: Fallback | None = PrivateAttr(None)

    @property
    def fallback(self) -> Fallback | None:
        """Return what converts raw encodings that the pipeline does not know; None: nothing."""
        return self._fallback

    def with_fallback(self, fallback: Fallback) -> EvaluationConfig:
        """Return a copy with another :attr:`fallback`."""
        copy = self.model_copy()
        copy._fallback = fallback
        return copy

    @model_validator(mode='after')
    def _fits_together(self) -> EvaluationConfig:
        if not self.bags:
            raise ValueError('no bag is named; name the folder or file of one')
        seen: dict[Path, Path] = {}
        for bag in self.bags:
            other = seen.setdefault(bag.resolve(), bag)
            if other is not bag:
                raise ValueError(f'{bag} and {other} are the same bag; name it once')
        if self.live is not None and (self.comparison is not None or self.fleet):
            raise ValueError(
                '--live plays to one node in real time; leave out --against, --workers and '
                '--scheduler'
            )
        if self.ground.poses and (not self.truth or self.live is not None):
            raise ValueError(
                'poses of cameras, without truth or with --live; name the truth by --truth-topic '
                'or --truth-folder and leave out --live, or leave out --pose'
            )
        if self.live is not None and self.range.every != 1:
            raise ValueError(
                f'live with every {self.range.every}. frame; a bag is played as it was recorded, '
                'and the node takes what its fps allow: leave out --every, and cap the node by '
                '--fps'
            )
        rules = self.comparison.rule if self.comparison else ()
        for wanted in (*self.conditions, *(rule.condition for rule in rules)):
            reason = unmeasurable(
                wanted.name,
                truth=bool(self.truth),
                live=self.live is not None,
                consistency=self.outputs.consistency,
                confidence=self.outputs.confidence,
            )
            if reason:
                raise ValueError(f'{str(wanted)!r} can never be decided: {reason}')
        return self
