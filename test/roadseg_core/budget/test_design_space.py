"""Tests of the design space, its tables, its picture and its measured rates."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import pytest
import yaml

from roadseg_core.budget.design_space import Candidate, explore, network_arguments, pick
from roadseg_core.budget.measure import measure_network
from roadseg_core.budget.scenario import Scenario, find_scenario
from roadseg_core.cli import main
from roadseg_core.model_file import read_model_info
from roadseg_core.models import NetworkError


@pytest.fixture
def small() -> Scenario:
    """Return parking with four candidates."""
    return replace(
        find_scenario('parking'),
        design_space={'depth_multiplier': (0.5, 0.75), 'classifier_depth': (256, 1024)},
    )


def candidate(operations: int, *, fits: bool, rate: float | None = None) -> Candidate:
    return Candidate({'depth': operations}, operations, operations / 1e9, fits, rate)


def test_every_combination_is_counted(small: Scenario) -> None:
    candidates = explore(small)
    assert [c.label for c in candidates] == [
        '(0.5, 256)',
        '(0.5, 1024)',
        '(0.75, 256)',
        '(0.75, 1024)',
    ]
    assert [c.fits for c in candidates] == [True, True, False, False]
    assert candidates[1].gops == pytest.approx(68.4, abs=0.05)
    assert pick(candidates, small) == candidates[1]


def test_the_pick_spends_the_budget_but_must_be_fast_enough(small: Scenario) -> None:
    cheap, dear = candidate(1, fits=True), candidate(2, fits=True)
    over = candidate(3, fits=False)
    assert pick([cheap, dear, over], small) == dear
    assert (
        pick(
            [replace(cheap, images_per_second=60.0), replace(dear, images_per_second=59.9)], small
        ).operations
        == 1
    )
    assert pick([over], small) is None


def test_an_unknown_network_or_argument_is_named(small: Scenario) -> None:
    with pytest.raises(NetworkError, match='nothing'):
        explore(replace(small, network='nothing'))
    with pytest.raises(NetworkError, match='colour'):
        explore(replace(small, design_space={'colour': (1,)}))


def test_parking_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(
            [
                'budget',
                '--scenario',
                'parking',
                '--json',
                str(tmp_path / 'budget.json'),
                '--plot',
                str(tmp_path / 'budget.png'),
            ]
        )
        == 0
    )
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == (
        'pick: mobilenet_fcn (0.5, 7, 1024, 8): 1147.0 MFLOPs per image, '
        '68.8 GOPS, inside the budget of 70'
    )
    assert any(line.split() == ['1', '7', '1024', '8', '3881.9', '232.9', 'no'] for line in lines)
    report = json.loads((tmp_path / 'budget.json').read_text(encoding='utf-8'))
    assert len(report['candidates']) == 36
    assert report['pick']['arguments'] == {
        'depth_multiplier': 0.5,
        'classifier_kernel': 7,
        'classifier_depth': 1024,
        'skip_stride': 8,
    }
    picture = cv2.imread(str(tmp_path / 'budget.png'))
    assert picture is not None and picture.std() > 10


@pytest.mark.parametrize('name', ['parking', 'urban', 'rural'])
def test_a_shipped_scenario_runs_what_its_budget_picks(name: str) -> None:
    scenario = find_scenario(name)
    picked = pick(explore(scenario), scenario)
    assert picked is not None
    model = Path(__file__).resolve().parents[3] / 'models' / scenario.model
    info = read_model_info(model)
    expected = network_arguments(scenario, picked.arguments)
    assert info.network == scenario.network
    assert {key: info.network_arguments[key] for key in expected} == expected
    assert (info.label_map.name, info.geometry.input_size) == (
        scenario.label_map,
        scenario.input_size,
    )
    assert model.stat().st_size <= 15_000_000


def test_a_network_by_name_against_a_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['budget', '--network', 'unet', 'filters=8', '--scenario', 'rural']) == 0
    out = capsys.readouterr().out
    assert 'total' in out and '3588.1' in out and 'inside the budget of 120' in out
    for words in (['--scenario', 'rural'], []):
        assert main(['budget', *words, 'filters=8']) == 1
        assert "'filters=8' is of a network; give --network" in capsys.readouterr().err
    assert main(['budget', '--network', 'unet', 'filters']) == 1
    assert 'KEY=VALUE' in capsys.readouterr().err


def test_the_network_of_a_model_file(capsys: pytest.CaptureFixture[str]) -> None:
    model = Path(__file__).resolve().parents[3] / 'models' / 'mobilenet_fcn_0.5.onnx'
    assert main(['budget', '--model', str(model)]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split()[0] == 'total'


def test_a_rate_is_measured_by_the_engine(small: Scenario) -> None:
    scenario = replace(small, network='unet', input_size=(32, 48), design_space={})
    rate, engine = measure_network(
        scenario, {'out_channels': 7, 'filters': 2, 'depth': 2}, seconds=0.1
    )
    assert rate > scenario.images_per_second
    assert engine.backend in ('openvino', 'tensorrt')


def test_what_is_too_slow_here_is_not_picked(
    small: Scenario, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / 'hasty.yaml'
    values = {
        **asdict(small),
        'fps': 1e5,
        'budget_gops': 1e9,
        'input_size': [32, 32],
        'cameras': ['front'],
        'design_space': {'depth_multiplier': [0.1]},
    }
    del values['name']
    path.write_text(yaml.safe_dump(values), encoding='utf-8')
    assert main(['budget', '--scenario', str(path), '--measure']) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == 'pick: none of those that fit is fast enough on this machine'
