"""
From the arguments of seg.launch.py to parameters of the node; launch itself is not needed.

Launch arguments are strings, and an empty one means "as the parameter file says".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from roadseg_core.budget.scenario import find_scenario

PARAMETER_ARGUMENTS: dict[str, type] = {
    'model': str,
    'backend': str,
    'device': str,
    'label_map': str,
    'precision': str,
    'threads': int,
    'cache_dir': str,
    'allow_build': bool,
    'fps': float,
    'output_geometry': str,
    'road_threshold': float,
    'overlay_mode': str,
    'autostart': bool,
    'use_sim_time': bool,
}
"""Launch arguments that set the node parameter of the same name, and its type."""

_EXAMPLES = {bool: 'true or false', int: 'a whole number', float: 'a number'}
_PATHS = ('model', 'cache_dir')


def parse_value(name: str, text: str, kind: type) -> bool | int | float | str:
    """Return the launch argument `name` as `kind`; ValueError names the argument."""
    if kind is str:
        return str(Path(text).expanduser()) if name in _PATHS else text
    if kind is bool:
        known = {'true': True, '1': True, 'false': False, '0': False}
        if text.lower() in known:
            return known[text.lower()]
    else:
        try:
            value = kind(text)
        except ValueError:
            value = math.nan
        if math.isfinite(value):
            return value
    raise ValueError(f'launch argument {name}:={text!r} is not {_EXAMPLES[kind]}')


def parse_names(text: str) -> list[str]:
    """Return the camera names of a comma list such as 'front,left'."""
    names = [name.strip() for name in text.split(',') if name.strip()]
    if len(set(names)) < len(names):
        raise ValueError(f'launch argument cameras:={text!r} names a camera twice')
    return names


def parse_by_camera(argument: str, text: str, cameras: list[str]) -> dict[str, str]:
    """Return camera name -> value of 'front=A,left=B', or of 'A', which is for all cameras."""
    parts = [part.strip() for part in text.split(',') if part.strip()]
    if len(parts) == 1 and '=' not in parts[0]:
        return dict.fromkeys(cameras, parts[0])
    values: dict[str, str] = {}
    for part in parts:
        name, separator, value = (piece.strip() for piece in part.partition('='))
        if not separator or not value:
            raise ValueError(f'launch argument {argument}:={text!r}: {part!r} is not CAMERA=VALUE')
        if name not in cameras:
            raise ValueError(
                f'launch argument {argument}:={text!r}: {name!r} is none of the cameras '
                f'{", ".join(cameras)}; name it in cameras:=...'
            )
        values[name] = value
    return values


def with_scenario(arguments: Mapping[str, str], *, models: Path) -> dict[str, str]:
    """
    Return the launch arguments with the cameras, fps, model and classes of `scenario`.

    Arguments that are given win, but the classes: the node refuses a model of other ones when it
    configures. `models` is the folder of the shipped models. ValueError names a wrong scenario.
    """
    filled = dict(arguments)
    if not filled.get('scenario'):
        return filled
    scenario = find_scenario(filled['scenario'])
    values = {
        'cameras': ','.join(scenario.cameras),
        'fps': f'{scenario.fps:g}',
        'model': str(models / scenario.model),
    }
    filled |= {name: value for name, value in values.items() if not filled.get(name)}
    filled['label_map'] = scenario.label_map
    return filled


def parameter_overrides(
    arguments: Mapping[str, str], *, file_cameras: list[str]
) -> dict[str, object]:
    """
    Return the node parameters that the launch arguments set; empty arguments set none.

    `file_cameras` are the cameras of the parameter file, for `image_topics` and `transport`
    where `cameras` is not given. ValueError names the argument that is wrong.
    """
    overrides: dict[str, object] = {}
    for name, kind in PARAMETER_ARGUMENTS.items():
        if arguments.get(name):
            overrides[name] = parse_value(name, arguments[name], kind)
    cameras = parse_names(arguments.get('cameras', ''))
    if cameras:
        overrides['camera_names'] = cameras
    for argument, parameter in (('image_topics', 'image_topic'), ('transport', 'transport')):
        text = arguments.get(argument, '')
        if argument == 'image_topics' and text and '=' not in text:
            raise ValueError(
                f'launch argument image_topics:={text!r} is not CAMERA=TOPIC[,CAMERA=TOPIC...]'
            )
        by_camera = parse_by_camera(argument, text, cameras or file_cameras or ['front'])
        for camera, value in by_camera.items():
            overrides[f'{camera}.{parameter}'] = value
    return overrides
