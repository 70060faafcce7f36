"""Read a training configuration: YAML, with ``key=value`` overrides."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from roadseg_core.files import find_config
from roadseg_core.training.config import ConfigError, TrainingConfig
from roadseg_core.yaml_file import YamlError, describe_errors, load_mapping, parse_value

_GENERATED = [{'name': 'generated', 'frames': 4}]

SMOKE = {
    'output': 'build/smoke',
    'data': {'train': _GENERATED, 'validation': _GENERATED, 'workers': 0},
    'network': {'stem_weights': None},
    'init': None,
    'train_size': None,
    'epochs': 1,
    'validate_every': 1,
    'batch_size': 2,
    'pictures': 1,
    'tensorboard': True,
    'precision': 'fp32',
}
"""What a trial run changes in every configuration, besides the section ``smoke`` of the file."""


def load_config(
    path: str | Path, overrides: Sequence[str] = (), *, smoke: bool = False
) -> TrainingConfig:
    """
    Read a YAML file and apply overrides such as ``optimizer.learning_rate=0.01``.

    :param path: a file, or the name of one in ``config/training``, such as ``own_streets``
    :param smoke: make it a trial run on generated data: see :data:`SMOKE` and the section
        ``smoke`` of the file, which counts then only

    :raises ConfigError: if the file, a key or a value is wrong; the message names it
    """
    path = find_config('training', path, ConfigError)
    try:
        values = load_mapping(path)
    except YamlError as error:
        raise ConfigError(str(error)) from error
    smaller = values.pop('smoke', None) or {}
    if not isinstance(smaller, dict):
        raise ConfigError(f'{path}: smoke: expected a mapping; found {type(smaller).__name__}')
    if smoke:
        _merge(values, smaller)
        _merge(values, SMOKE)
    for override in overrides:
        _override(values, override)
    try:
        return TrainingConfig.model_validate(values)
    except ValidationError as error:
        raise ConfigError(describe_errors(path, values, error.errors(), TrainingConfig)) from error


def _merge(values: dict, changes: dict) -> None:
    """Put ``changes`` into ``values``, section by section."""
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(values.get(key), dict):
            _merge(values[key], value)
        else:
            values[key] = value


def _override(values: dict, override: str) -> None:
    """Apply one ``section.key=value``; a number is the place in a list."""
    key, equals, text = override.partition('=')
    if not equals or not key:
        raise ConfigError(f'override {override!r}; expected key=value, such as epochs=3')
    try:
        value = parse_value(text)
    except YamlError as error:
        raise ConfigError(f'override {override!r}: {error}') from error
    section: dict | list = values
    *parents, last = key.split('.')
    for parent in parents:
        place = _place(section, parent, override)
        if isinstance(section, dict) and place not in section:
            section[place] = {}
        section = section[place]
        if not isinstance(section, (dict, list)):
            raise ConfigError(f'override {override!r}: {parent} is a value, not a section')
    section[_place(section, last, override)] = value


def _place(section: dict | list, key: str, override: str) -> str | int:
    """Return the key, or the place in a list; ConfigError if the list has no such place."""
    if isinstance(section, dict):
        return key
    if not key.isdecimal() or int(key) >= len(section):
        raise ConfigError(
            f'override {override!r}: {key!r} in a list; expected a number '
            f'from 0 to {len(section) - 1}'
        )
    return int(key)
