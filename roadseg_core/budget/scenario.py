"""A scenario names the cameras, rate, classes, model and budget of a task."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from roadseg_core.files import find_config
from roadseg_core.labels import LABEL_MAPS
from roadseg_core.yaml_file import YamlError, load_mapping


class ScenarioError(ValueError):
    """A scenario that cannot be used; the message names the file and the key."""


@dataclass(frozen=True)
class Scenario:
    """
    Say what a vehicle asks for and what it has.

    :param name: name of the scenario, that of its file
    :param label_map: the classes, by the name of their label map; any model answers ``two``,
        by its road mask
    :param cameras: names of the cameras, at least one
    :param fps: frames/s of each camera
    :param accuracy: what is asked for, in words
    :param budget_gops: 10^9 operations per second that the vehicle can spend
    :param input_size: (height, width) of the network's input
    :param model: model file of the package's ``models`` folder that the node runs
    :param network: the network whose design space is explored
    :param design_space: values to try of the network's arguments, by argument
    """

    name: str
    label_map: str
    cameras: tuple[str, ...]
    fps: float
    accuracy: str
    budget_gops: float
    input_size: tuple[int, int]
    model: str
    network: str
    design_space: dict[str, tuple[float, ...]]

    @property
    def images_per_second(self) -> float:
        """Return how many images all cameras give."""
        return len(self.cameras) * self.fps

    @property
    def classes(self) -> int:
        """Return how many classes the label map has."""
        return len(LABEL_MAPS[self.label_map].names)

    def gops(self, operations: int) -> float:
        """Return the 10^9 operations per second of a network that takes this many per image."""
        return self.images_per_second * operations / 1e9

    def fits(self, operations: int) -> bool:
        """Tell whether a network of this many operations per image is inside the budget."""
        return self.gops(operations) <= self.budget_gops


def load_scenario(path: str | Path) -> Scenario:
    """
    Read a scenario from its YAML file.

    :raises ScenarioError: if the file, a key or a value is wrong; the message names it
    """
    path = Path(path)
    try:
        values = load_mapping(path)
    except YamlError as error:
        raise ScenarioError(str(error)) from error
    expected = {field.name for field in fields(Scenario)} - {'name'}
    found = set(values)
    if found != expected:
        raise ScenarioError(
            f'{path}: missing keys {sorted(expected - found)}, unknown keys '
            f'{sorted(found - expected)}; expected {sorted(expected)}'
        )
    for key, (is_legal, legal) in _RULES.items():
        if not is_legal(values[key]):
            raise ScenarioError(f'{path}: {key}: {values[key]!r}; expected {legal}')
    return Scenario(
        **{
            **values,
            'name': path.stem,
            'cameras': tuple(values['cameras']),
            'input_size': tuple(values['input_size']),
            'design_space': {key: tuple(tried) for key, tried in values['design_space'].items()},
        }
    )


def find_scenario(name: str) -> Scenario:
    """
    Read a scenario by its name in ``config/scenarios``, or by the path of its YAML file.

    :raises ScenarioError: if there is none, naming those there are, or it cannot be used
    """
    return load_scenario(find_config('scenarios', name, ScenarioError))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ''


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0


def _is_list(value: object, of: object) -> bool:
    return isinstance(value, list) and value != [] and all(of(item) for item in value)


_RULES = {
    'label_map': (lambda v: v in LABEL_MAPS, f'one of {", ".join(LABEL_MAPS)}'),
    'cameras': (
        lambda v: _is_list(v, _is_text) and len(set(v)) == len(v),
        'a list of different camera names',
    ),
    'fps': (_is_number, 'a number above 0'),
    'accuracy': (_is_text, 'a word'),
    'budget_gops': (_is_number, 'a number above 0'),
    'input_size': (
        lambda v: _is_list(v, lambda i: isinstance(i, int) and i > 0) and len(v) == 2,
        '[height, width] in pixels',
    ),
    'model': (_is_text, 'the name of a model file'),
    'network': (_is_text, 'the name of a network'),
    'design_space': (
        lambda v: isinstance(v, dict) and all(_is_list(tried, _is_number) for tried in v.values()),
        'a list of numbers for each argument',
    ),
}
