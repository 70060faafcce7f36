"""Tests of scenario files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from roadseg_core.budget.scenario import (
    ScenarioError,
    find_scenario,
    load_scenario,
)
from roadseg_core.files import config_folder

PROJECT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ('name', 'cameras', 'fps', 'classes', 'budget'),
    [('parking', 4, 15, 7, 70), ('urban', 4, 30, 7, 300), ('rural', 1, 30, 2, 120)],
)
def test_the_shipped_scenarios(
    name: str, cameras: int, fps: float, classes: int, budget: float
) -> None:
    scenario = find_scenario(name)
    assert scenario.name == name
    assert (len(scenario.cameras), scenario.fps, scenario.classes) == (cameras, fps, classes)
    assert (scenario.budget_gops, scenario.input_size) == (budget, (320, 480))
    assert scenario.images_per_second == cameras * fps
    assert (PROJECT / 'models' / scenario.model).is_file()


def test_the_budget_of_parking_by_hand() -> None:
    parking = find_scenario('parking')
    assert parking.gops(1_139_300_000) == pytest.approx(68.358)
    assert parking.fits(1_166_000_000) and not parking.fits(1_167_000_000)


def test_a_scenario_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / 'yard.yaml'
    path.write_text(
        (config_folder('scenarios') / 'rural.yaml')
        .read_text(encoding='utf-8')
        .replace('fps: 30', 'fps: 12.5'),
        encoding='utf-8',
    )
    scenario = find_scenario(str(path))
    assert (scenario.name, scenario.fps) == ('yard', 12.5)


def test_an_unknown_name_says_what_there_is() -> None:
    with pytest.raises(ScenarioError, match='parking, rural, urban'):
        find_scenario('motorway')


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'fps': 0}, 'fps: 0; expected a number'),
        ({'cameras': ['a', 'a']}, 'cameras'),
        ({'label_map': 'nine'}, 'seven, two'),
        ({'input_size': [320]}, 'input_size'),
        ({'budget_gops': None}, 'budget_gops'),
        ({'speed': 3}, "unknown keys .'speed'"),
        ({'design_space': {'depth': 'deep'}}, 'design_space'),
        ({'model': ''}, 'model'),
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, change: dict, message: str) -> None:
    values = yaml.safe_load(
        (config_folder('scenarios') / 'parking.yaml').read_text(encoding='utf-8')
    )
    path = tmp_path / 'wrong.yaml'
    path.write_text(yaml.safe_dump({**values, **change}), encoding='utf-8')
    with pytest.raises(ScenarioError, match=f'wrong.yaml.*{message}'):
        load_scenario(path)


@pytest.mark.parametrize('text', ['[', 'just words', '- 1', ''])
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / 'odd.yaml'
    path.write_text(text, encoding='utf-8')
    with pytest.raises(ScenarioError, match='odd.yaml'):
        load_scenario(path)


def test_a_vehicle_reads_scenarios_without_torch() -> None:
    program = (
        'import sys; from roadseg_core.budget.scenario import find_scenario; '
        'find_scenario("parking"); '
        'sys.exit(any(name in sys.modules for name in ("torch", "pydantic", "cv2")))'
    )
    done = subprocess.run([sys.executable, '-c', program], cwd=PROJECT, timeout=60)
    assert done.returncode == 0
