"""The command line of evaluate_bag, made from the model of evaluation files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from types import NoneType
from typing import Any, Literal, NoReturn, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from roadseg_core.evaluation.settings.config import EvaluationConfig
from roadseg_core.evaluation.settings.values import EvaluationError
from roadseg_core.yaml_file import LinedMapping, YamlError, line_of, load_mapping, reason_of

_SUFFIXES = ('.yaml', '.yml')
_ADDED = ('conditions', 'comparison.rule')
"""Lists to which options add; other options take the place of what the file says."""

_EXAMPLES = """\
Options take the place of what an evaluation file says; conditions and rules are added to it.
exit code: 0 everything holds; 1 a condition or rule does not; 2 it could not run, or a part of
the input was lost

examples:
  evaluate_bag drives/* --truth-topic '/truth/{camera}/label' --condition 'road_iou >= 0.95'
  evaluate_bag city.yaml --against models/old.onnx --rule 'road_iou >= -0.005'
"""


class _Parser(argparse.ArgumentParser):
    """Let the caller end the program: what is wrong belongs into the JUnit file, too."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        raise EvaluationError(message)


def junit_path(words: Sequence[str]) -> Path | None:
    """
    Return the JUnit file that the arguments name, whatever else is wrong with them.

    :raises EvaluationError: if ``--junit`` names no file
    """
    parser = _Parser(prog='evaluate_bag', add_help=False)
    parser.add_argument('--junit', type=Path)
    return parser.parse_known_args(words)[0].junit


def read_arguments(words: Sequence[str]) -> EvaluationConfig:
    """
    Return what the arguments, and the evaluation file that they may name, ask for.

    :raises EvaluationError: if the arguments or the file are wrong, or do not fit together
    """
    given = vars(_parser().parse_args(words))
    given.pop('junit', None)
    bags, config, live = (given.pop(name) for name in ('bags', 'config', 'live'))
    path = _file(bags, config)
    values: dict[str, Any] = {'bags': bags} if path is None else {'name': path.stem}
    try:
        file = LinedMapping() if path is None else load_mapping(path)
    except YamlError as error:
        raise EvaluationError(str(error)) from error
    values.update(file)
    if path is not None and 'format' not in file:
        raise EvaluationError(f"{path}: the key 'format' is missing; expected format: 1")
    if live:
        values['live'] = values.get('live') or {}
        if 'comparison.against' not in given:
            values.pop('comparison', None)
    else:
        values.pop('live', None)  # It stands in a file for the calls that ask for it.
    before = _merge(values, given)
    if 'live' in values and not live:
        raise EvaluationError('--rate, --clock, --fps and --node need --live')
    if 'comparison' not in file and 'against' not in values.get('comparison', {'against': None}):
        raise EvaluationError(
            '--rule and --block-seconds without a model to compare with; name one: --against'
        )
    context = None if path is None else {'folder': path.resolve().parent}
    try:
        found = EvaluationConfig.model_validate(values, context=context)
    except ValidationError as error:
        reasons = [
            ': '.join(
                [*_place(item['loc'], given, before, path, file), reason_of(item, EvaluationConfig)]
            )
            for item in error.errors()
        ]
        raise EvaluationError('\n'.join(reasons)) from error
    return _absolute(found) if found.fleet.scheduler else found


def _place(
    keys: Sequence[str | int],
    given: dict[str, Any],
    before: dict[str, int],
    path: Path | None,
    file: LinedMapping,
) -> list[str]:
    """Return where a value comes from: an option, or a line and keys of the file."""
    names = [str(key) for key in keys]
    for count in (1, 2):
        name = '.'.join(names[:count])
        if name in given and (count == len(names) or int(names[count]) >= before.get(name, 0)):
            return [_options()[name][0]]
    line = line_of(file, keys)
    where = [] if path is None else [f'{path}, line {line}' if line else str(path)]
    return [*where, *names]


def _file(bags: list[Path], config: Path | None) -> Path | None:
    """Return the evaluation file, which may stand in the place of a bag."""
    named = [path for path in bags if path.suffix in _SUFFIXES]
    others = len(bags) - len(named)
    if config is not None:
        named.append(config)
    if len(named) > 1:
        raise EvaluationError(f'{len(named)} evaluation files; run one at a time')
    if named and others:
        raise EvaluationError(
            f'the evaluation file {named[0]}, and bags beside it ({others}); the file names its '
            'bags itself'
        )
    return named[0] if named else None


def _merge(values: dict[str, Any], given: dict[str, Any]) -> dict[str, int]:
    """Put options into the values of a file; return how many were in each list that they add to."""
    before = {}
    for name, value in given.items():
        *sections, last = name.split('.')
        section = values
        for key in sections:
            inner = section.get(key)
            section[key] = dict(inner) if isinstance(inner, dict) else {}
            section = section[key]
        if name in _ADDED and last in section:
            there = section[last] if isinstance(section[last], list) else [section[last]]
            before[name] = len(there)
            value = [*there, *value]
        section[last] = value
    return before


def _absolute(config: EvaluationConfig) -> EvaluationConfig:
    """Name all paths from the root: a scheduler's workers run in other folders."""
    folder = config.truth.folder
    truth = config.truth.model_copy(update={'folder': folder and folder.absolute()})
    return config.model_copy(
        update={
            'bags': tuple(bag.absolute() for bag in config.bags),
            'output': config.output.absolute(),
            'model': config.model and config.model.absolute(),
            'truth': truth,
        }
    )


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog='evaluate_bag',
        usage='evaluate_bag BAG... [options]',
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Run recorded bags, videos or pictures through the segmentation node's own "
        'code, without DDS, and report how good the result is.',
        epilog=_EXAMPLES,
    )
    parser.add_argument(
        'bags',
        nargs='*',
        type=Path,
        metavar='BAG',
        help='rosbag2 folder, or a .mcap or .db3 file, a video, or a folder of pictures; or one '
        'evaluation file, .yaml',
    )
    parser.add_argument(
        '--config',
        type=Path,
        metavar='FILE',
        help='evaluation file; it may also stand in the place of BAG (default: none)',
    )
    parser.add_argument(
        '--scenario', type=_renamed, default=argparse.SUPPRESS, help=argparse.SUPPRESS
    )
    parser.add_argument(
        '--junit',
        type=Path,
        default=argparse.SUPPRESS,
        metavar='FILE',
        help='write JUnit XML for continuous integration (default: none)',
    )
    groups = {'': parser}
    for section, model in _sections().items():
        if section:
            about = model.__doc__.strip().splitlines()[0]
            groups[section] = parser.add_argument_group(section, about)
    groups['live'].add_argument('--live', action='store_true', help='play the bags to a node')
    for name, (flag, field) in _options().items():
        _add_option(groups[name.rpartition('.')[0]], name, flag, field)
    return parser


def _renamed(value: str) -> NoReturn:
    raise argparse.ArgumentTypeError(f'is now called --config: --config {value}')


def _add_option(group: argparse._ActionsContainer, name: str, flag: str, field: FieldInfo) -> None:
    kind = _kind(field)
    about = field.description.replace('%', '%%')
    if kind is not bool and '(default' not in about and not field.is_required():
        nothing = field.default in ('', None, (), {})
        about += f' (default: {"none" if nothing else field.default})'
    common = {'dest': name, 'default': argparse.SUPPRESS, 'help': about}
    metavar = field.json_schema_extra['metavar'] or flag.rpartition('-')[2].upper()
    if kind is bool:
        group.add_argument(flag, action='store_const', const=not field.default, **common)
    elif get_origin(kind) in (tuple, dict):
        group.add_argument(flag, action='append', metavar=metavar, **common)
    elif get_origin(kind) is Literal:
        choices = [choice for choice in get_args(kind) if choice]
        group.add_argument(flag, choices=choices, **common)
    else:
        group.add_argument(flag, type=kind, metavar=metavar, **common)


def _options() -> dict[str, tuple[str, FieldInfo]]:
    """Return option and field of each value that has an option, by its place in a file."""
    found = {}
    for section, model in _sections().items():
        for name, field in model.model_fields.items():
            flag = (field.json_schema_extra or {'flag': None})['flag']
            if flag == '':
                flag = f'--{"no-" if field.default is True else ""}{name.replace("_", "-")}'
            if flag:
                found[f'{section}.{name}'.lstrip('.')] = flag, field
    return found


def _sections() -> dict[str, type[BaseModel]]:
    """Return the sections of an evaluation file by name; '' is the file itself."""
    kinds = {name: _kind(field) for name, field in EvaluationConfig.model_fields.items()}
    return {'': EvaluationConfig} | {
        name: kind
        for name, kind in kinds.items()
        if isinstance(kind, type) and issubclass(kind, BaseModel)
    }


def _kind(field: FieldInfo) -> Any:
    """Return a field's type, without None."""
    kinds = [kind for kind in get_args(field.annotation) if kind is not NoneType]
    kind = kinds[0] if NoneType in get_args(field.annotation) else field.annotation
    return getattr(kind, '__origin__', kind) if hasattr(kind, '__metadata__') else kind
