"""What one call of evaluate_bag is asked for: by options, or by a scenario file and some."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from roadseg_core.evaluation.compare.verdict import parse_rule
from roadseg_core.evaluation.fleet.fleet import Fleet
from roadseg_core.evaluation.settings.arguments import make_settings
from roadseg_core.evaluation.settings.conditions import ConditionError, parse_condition
from roadseg_core.evaluation.settings.scenario import ComparisonChoice, LiveChoice
from roadseg_core.evaluation.settings.scenario_file import read_scenario
from roadseg_core.evaluation.settings.settings import EvaluationError, Settings

T = TypeVar('T')
_SCENARIO_SUFFIXES = ('.yaml', '.yml')
_BESIDE_A_SCENARIO = (
    'scenario',
    'output',
    'model',
    'condition',
    'cache_dir',
    'against',
    'rule',
    'block_seconds',
    'workers',
    'scheduler',
    'junit',
    'live',
    'rate',
    'clock',
    'fps',
    'node',
)
"""Options that say how a scenario is run; what is evaluated stands in its file."""


@dataclass(frozen=True)
class Request:
    """
    Hold a call's settings, and what is done with them.

    :param name: of the suite in the JUnit file
    :param fleet: workers; None for this process
    :param comparison: with which model to compare, and how; None for none
    :param live: how to play the bags to a node; None to evaluate without one
    """

    name: str
    settings: Settings
    fleet: Fleet | None = None
    comparison: ComparisonChoice | None = None
    live: LiveChoice | None = None

    def __post_init__(self) -> None:
        if self.live is not None and (self.comparison is not None or self.fleet is not None):
            raise EvaluationError(
                '--live plays to one node in real time; leave out --against, '
                '--workers and --scheduler'
            )
        if self.live is not None and self.settings.every != 1:
            raise EvaluationError(
                f'live with every {self.settings.every}. frame; a bag is played as it was '
                'recorded, and the node takes what its fps allow: leave out --every, or every of '
                'the section range, and cap the node by --fps'
            )


def add_request_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how an evaluation is run."""
    parser.add_argument(
        '--scenario',
        type=Path,
        metavar='FILE',
        help='scenario file; it may also stand in the place of BAG',
    )
    parser.add_argument('--junit', type=Path, metavar='FILE', help='write JUnit XML for CI')
    compared = parser.add_argument_group('comparison of two models')
    compared.add_argument(
        '--against', type=Path, metavar='MODEL', help='evaluate this model, too, and compare'
    )
    compared.add_argument(
        '--rule',
        action='append',
        default=[],
        metavar="'FIGURE >= NUMBER'",
        help='what must surely hold of the difference, model less the other, '
        "such as 'road_iou >= -0.005'",
    )
    compared.add_argument(
        '--block-seconds',
        type=float,
        help='frames are drawn in blocks of this length for the confidence intervals (default: 2)',
    )
    fleet = parser.add_argument_group('many bags at once (needs dask.distributed)')
    fleet.add_argument('--workers', type=int, default=0, help='processes on this machine')
    fleet.add_argument(
        '--scheduler',
        default='',
        metavar='tcp://HOST:PORT',
        help='a running scheduler; its workers must see the same paths',
    )
    live = parser.add_argument_group('live')
    live.add_argument(
        '--live', action='store_true', help='play the bags over DDS to a node, in real time'
    )
    live.add_argument('--rate', type=float, help='speed (default: 1, as recorded)')
    live.add_argument('--clock', type=float, help='rate of /clock in Hz, 0: none (default: 100)')
    live.add_argument('--fps', type=float, help="the node's cap (default: the bag's rate)")
    live.add_argument('--node', help='name of a node that runs; without, one is started')


def make_request(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> Request:
    """
    Return what the arguments, and the scenario they name, ask for.

    :param parser: that parsed them
    :raises EvaluationError: if they do not fit together
    :raises ScenarioError: if the scenario cannot be used
    """
    path = _scenario_path(arguments)
    fleet = None
    if arguments.workers or arguments.scheduler:
        fleet = Fleet(workers=arguments.workers, scheduler=arguments.scheduler)
    name, comparison, live = 'evaluate_bag', None, None
    if path is None:
        settings = make_settings(arguments)
    else:
        _refuse_others(arguments, parser, path)
        scenario = read_scenario(path)
        name, comparison, live = scenario.name, scenario.comparison, scenario.live
        settings = replace(
            scenario.settings(arguments.output),
            cache_dir=arguments.cache_dir,
            conditions=(*scenario.conditions, *_parsed(parse_condition, arguments.condition)),
        )
        if arguments.model:
            settings = replace(settings, model=arguments.model)
    if fleet is not None and fleet.scheduler:
        # Its workers run elsewhere, in other folders.
        settings = _absolute(settings)
    live = _live(arguments, live)
    if live is not None and arguments.against is None:
        comparison = None  # a scenario may hold both: this call plays
    return Request(
        name=name,
        settings=settings,
        fleet=fleet,
        comparison=_comparison(arguments, comparison),
        live=live,
    )


def _absolute(settings: Settings) -> Settings:
    folder = settings.truth.folder
    return replace(
        settings,
        bags=tuple(bag.absolute() for bag in settings.bags),
        output=settings.output.absolute(),
        model=str(Path(settings.model).absolute()) if settings.model else '',
        truth=replace(settings.truth, folder=folder.absolute() if folder else None),
    )


def _scenario_path(arguments: argparse.Namespace) -> Path | None:
    named = [path for path in arguments.bags if path.suffix in _SCENARIO_SUFFIXES]
    bags = [path for path in arguments.bags if path not in named]
    if arguments.scenario is not None:
        named.append(arguments.scenario)
    if len(named) > 1:
        raise EvaluationError(f'{len(named)} scenario files; run one at a time')
    if named and bags:
        raise EvaluationError(
            f'the scenario {named[0]} and {len(bags)} bags; a scenario names its bags itself'
        )
    return named[0] if named else None


def _refuse_others(
    arguments: argparse.Namespace, parser: argparse.ArgumentParser, path: Path
) -> None:
    for name, value in vars(arguments).items():
        if name not in ('bags', *_BESIDE_A_SCENARIO) and value != parser.get_default(name):
            option = f'--{name.replace("_", "-")}'
            raise EvaluationError(
                f'{option} beside the scenario {path}; write it into that file '
                '(docs/comparing_models.md says how)'
            )


def _parsed(parse: Callable[[str], T], texts: list[str]) -> list[T]:
    try:
        return [parse(text) for text in texts]
    except ConditionError as error:
        raise EvaluationError(str(error)) from error


def _comparison(
    arguments: argparse.Namespace, choice: ComparisonChoice | None
) -> ComparisonChoice | None:
    against = arguments.against
    if against is not None:
        if not against.is_file():
            raise EvaluationError(
                f'--against {against}: there is no such file; expected a model file'
            )
        choice = replace(choice, against=against) if choice else ComparisonChoice(against)
    seconds = arguments.block_seconds
    if choice is None:
        if arguments.rule or seconds is not None:
            raise EvaluationError(
                '--rule and --block-seconds without a model to compare with; name one: --against'
            )
        return None
    if seconds is not None and not 0 < seconds < math.inf:
        raise EvaluationError(f'--block-seconds {seconds:g}; expected a number above 0')
    return replace(
        choice,
        rule=(*choice.rule, *_parsed(parse_rule, arguments.rule)),
        block_seconds=seconds or choice.block_seconds,
    )


def _live(arguments: argparse.Namespace, choice: LiveChoice | None) -> LiveChoice | None:
    """Return how to play live, if asked for: what a scenario says of it waits for --live."""
    given = {
        'rate': arguments.rate,
        'clock_hz': arguments.clock,
        'fps': arguments.fps,
        'node': arguments.node,
    }
    given = {name: value for name, value in given.items() if value is not None}
    if not arguments.live:
        if given:
            raise EvaluationError('--rate, --clock, --fps and --node need --live')
        return None
    choice = replace(choice or LiveChoice(), **given)
    known = (choice.rate, 1.0 if choice.fps is None else choice.fps)
    if not all(0 < value < math.inf for value in known) or not 0 <= choice.clock_hz < math.inf:
        raise EvaluationError(
            f'rate {choice.rate:g}, clock {choice.clock_hz:g} Hz and fps '
            f'{choice.fps}; expected more than 0 (clock: 0 for none)'
        )
    return choice
