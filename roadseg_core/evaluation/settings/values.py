"""Parse the values of an evaluation file: paths, topics, conditions and rules."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationInfo

from roadseg_core.evaluation.settings.conditions import Condition, Rule, parse_condition, parse_rule


class EvaluationError(Exception):
    """An evaluation that cannot be run; the message says found, expected and the fix."""


def option(
    default: Any, about: str, *, flag: str | None = '', metavar: str = '', **bounds: Any
) -> Any:
    """
    Describe a value of an evaluation file that is also an option of the command line.

    :param about: the option's help
    :param flag: the option, such as ``--start``; '' for the field's name, None for none
    :param bounds: what pydantic's ``Field`` takes, such as ``ge``
    """
    return Field(
        default, description=about, json_schema_extra={'flag': flag, 'metavar': metavar}, **bounds
    )


def _listed(value: object) -> object:
    """Take one value for a list of one."""
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _as_path(value: object, info: ValidationInfo) -> object:
    """Take a text for a path; in a file, it counts from the file's folder and must be there."""
    if not isinstance(value, str):
        return value
    folder = (info.context or {}).get('folder')
    if folder is None:
        return Path(value)
    expanded = os.path.expandvars(os.path.expanduser(value))
    if '$' in expanded:
        raise ValueError(f'{value!r} names an environment variable that is not set')
    path = Path(os.path.normpath(folder / expanded))
    if not path.exists():
        raise ValueError(f'{path} does not exist')
    return path


def _as_label_map(value: object, info: ValidationInfo) -> object:
    return str(_as_path(value, info)) if isinstance(value, str) and Path(value).suffix else value


def _as_topics(value: object) -> object:
    """Take the options ``NAME=TOPIC``; a topic alone is that of every camera, ``*``."""
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        return value
    pairs = [text.rpartition('=')[::2] for text in value]
    topics = {name or '*': topic for name, topic in pairs}
    if len(topics) != len(pairs):
        raise ValueError(f'{", ".join(value)}: a camera is named twice')
    return topics


def _as_cameras(value: object) -> object:
    topics = _as_topics(value)
    for name, topic in topics.items() if isinstance(topics, dict) else ():
        if not str(name).isidentifier() or not str(topic).startswith('/'):
            raise ValueError(
                f'{name}={topic}; expected a name of letters, digits and _, and a full topic: '
                'front=/camera/front/image_raw'
            )
    if isinstance(topics, dict) and len(set(map(str, topics.values()))) != len(topics):
        raise ValueError('a topic is named twice')
    return topics


def _as_poses(value: object) -> object:
    """Take the options ``NAME=X,Y,Z,ROLL,PITCH,YAW``; a pose is six numbers."""
    if isinstance(value, list) and all(isinstance(text, str) for text in value):
        pairs = [text.partition('=')[::2] for text in value]
        value = {name: numbers.split(',') for name, numbers in pairs}
        if len(value) != len(pairs):
            raise ValueError('a camera is named twice')
    poses = {}
    for name, numbers in value.items() if isinstance(value, dict) else ():
        try:
            poses[name] = tuple(map(float, numbers))
        except (TypeError, ValueError):
            poses[name] = ()
        if len(poses[name]) != 6:
            raise ValueError(
                f'pose {name}={numbers}; expected six numbers: x, y, z in metres, roll, pitch, '
                'yaw in radians, such as front=0.6,0,1.5,-1.6232,0,-1.5708'
            )
    return poses if isinstance(value, dict) else value


def _parsed(parse: Callable[[str], object]) -> BeforeValidator:
    return BeforeValidator(lambda value: parse(value) if isinstance(value, str) else value)


_AS_TEXT = PlainSerializer(str, return_type=str)
_LISTED = BeforeValidator(_listed)

PathValue = Annotated[Path, BeforeValidator(_as_path)]
Paths = Annotated[tuple[PathValue, ...], _LISTED]
NewPath = Annotated[Path, BeforeValidator(lambda value: Path(value))]
LabelMapName = Annotated[str, BeforeValidator(_as_label_map)]
Topics = Annotated[dict[str, str], BeforeValidator(_as_topics)]
CameraTopics = Annotated[dict[str, str], BeforeValidator(_as_cameras)]
Poses = Annotated[
    dict[str, tuple[float, float, float, float, float, float]], BeforeValidator(_as_poses)
]
Conditions = Annotated[
    tuple[Annotated[Condition, _parsed(parse_condition), _AS_TEXT], ...], _LISTED
]
Rules = Annotated[tuple[Annotated[Rule, _parsed(parse_rule), _AS_TEXT], ...], _LISTED]


class Section(BaseModel):
    """A part of an evaluation file: no unknown keys, no conversions, no changes."""

    model_config = ConfigDict(
        extra='forbid', frozen=True, strict=True, allow_inf_nan=False, arbitrary_types_allowed=True
    )
