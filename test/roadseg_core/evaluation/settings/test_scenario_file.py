"""Scenario files."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from roadseg_core.evaluation.settings.scenario import ScenarioError
from roadseg_core.evaluation.settings.scenario_file import read_scenario
from roadseg_core.evaluation.settings.settings import Settings, Truth

EXAMPLES = sorted((Path(__file__).resolve().parents[4] / 'config' / 'evaluation').glob('*.yaml'))
FULL = """
format: 1
name: city
bags: [drive_1, $PLACE/drive_2]
cameras: {front: /camera/front/image_raw}
model: new.onnx
engine: {backend: openvino, precision: fp32, threads: 2}
truth:
  topics: {front: /truth/front/label}
  slop_seconds: 0.01
range: {start_seconds: 1, end_seconds: 9.5, every: 2}
conditions: [road_iou >= 0.95, latency_p99_ms <= 66, dropped <= 0]
comparison:
  against: old.onnx
  rule: road_iou >= -0.005
outputs: {consistency: false, annotated: mcap}
live: {rate: 0.5, fps: 10}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ('drive_1', 'far/drive_2'):
        (tmp_path / name).mkdir(parents=True)
    for name in ('new.onnx', 'old.onnx'):
        (tmp_path / name).touch()
    monkeypatch.setenv('PLACE', str(tmp_path / 'far'))
    return tmp_path


def written(folder: Path, text: str) -> Path:
    path = folder / 'scenario.yaml'
    path.write_text(text, encoding='utf-8')
    return path


def test_a_full_scenario_is_read(folder: Path) -> None:
    scenario = read_scenario(written(folder, FULL))
    assert scenario.bags == (folder / 'drive_1', folder / 'far/drive_2')
    assert scenario.model == folder / 'new.onnx'
    assert scenario.engine.threads == 2
    assert scenario.truth.topics == {'front': '/truth/front/label'}
    assert scenario.truth.slop_ns == 10_000_000
    assert (scenario.start_seconds, scenario.end_seconds, scenario.every) == (1, 9.5, 2)
    assert [str(condition) for condition in scenario.conditions] == [
        'road_iou >= 0.95',
        'latency_p99_ms <= 66',
        'dropped <= 0',
    ]
    assert str(scenario.comparison.rule[0]) == 'difference of road_iou >= -0.005'
    assert scenario.live.rate == 0.5 and scenario.live.node is None


def test_a_scenario_says_what_options_would_say(folder: Path) -> None:
    settings = read_scenario(written(folder, FULL)).settings(folder / 'out')
    assert settings == Settings(
        bags=(folder / 'drive_1', folder / 'far/drive_2'),
        output=folder / 'out',
        model=str(folder / 'new.onnx'),
        backend='openvino',
        precision='fp32',
        threads=2,
        cameras={'front': '/camera/front/image_raw'},
        start=1,
        end=9.5,
        every=2,
        truth=Truth(topics={'front': '/truth/front/label'}, slop_ns=10_000_000),
        consistency=False,
        annotated='mcap',
        conditions=settings.conditions,
    )


def test_one_truth_topic_may_stand_for_all_cameras(folder: Path) -> None:
    text = FULL.replace('{front: /truth/front/label}', "{'*': '/truth/{camera}/label'}")
    assert read_scenario(written(folder, text)).truth.topics == {'*': '/truth/{camera}/label'}


def test_what_is_not_said_has_a_default(folder: Path) -> None:
    scenario = read_scenario(written(folder, 'format: 1\nbags: drive_1\n'))
    assert scenario.name == 'scenario' and scenario.model is None and scenario.every == 1
    assert not scenario.conditions and scenario.comparison is None and scenario.live is None


@pytest.mark.parametrize(
    ('old', 'new', 'reason'),
    [
        ('format: 1', 'format: 7', 'format: 7; this version reads 1'),
        ('format: 1', '', "'format' is missing"),
        ('name: city', 'nmae: city', "'nmae' is not known (did you mean name?)"),
        ('name: city', 'name: [a]', 'name: found a list; expected a text'),
        ('name: city', 'name: a\nname: b', "'name' stands twice"),
        ('drive_1', 'drive_9', 'drive_9 does not exist'),
        ('$PLACE', '$NOWHERE_AT_ALL', 'environment variable that is not set'),
        ('[drive_1, $PLACE/drive_2]', '[]', 'bags: is empty'),
        ('[drive_1, $PLACE/drive_2]', '[drive_1, drive_1]', 'names a bag twice'),
        ('[drive_1, $PLACE/drive_2]', '[drive_1, 3]', 'bags[1]: found the number 3'),
        ('openvino', 'pytorch', 'expected one of auto, '),
        ('threads: 2', 'threads: 2.5', 'threads: found the number 2.5; expected a whole number'),
        ('threads: 2', 'threads: true', 'found the value True; expected a whole number'),
        ('every: 2', 'every: 0', 'every: 0; expected at least 1'),
        ('end_seconds: 9.5', 'end_seconds: 0.5', 'does not lie after start_seconds'),
        ('road_iou >= 0.95', 'road_uoi >= 0.95', 'conditions[0]'),
        ('road_iou >= -0.005', 'dropped <= 0', 'rule[0]'),
        ('against: old.onnx', 'against: gone.onnx', 'gone.onnx does not exist'),
        ('slop_seconds: 0.01', 'folder: far', 'either topics'),
        ('/truth/front/label', 'label', 'expected a full topic name'),
        ('rate: 0.5', 'rate: .nan', 'rate: nan; expected more than 0'),
        ('{rate: 0.5, fps: 10}', '5', 'live: found the number 5; expected a mapping'),
        ('format: 1', 'format: [1', 'is no YAML'),
    ],
)
def test_errors_name_the_place_and_the_reason(
    folder: Path, old: str, new: str, reason: str
) -> None:
    path = written(folder, FULL.replace(old, new, 1))
    with pytest.raises(ScenarioError) as caught:
        read_scenario(path)
    assert reason in str(caught.value) and str(path) in str(caught.value)


def test_errors_name_the_line(folder: Path) -> None:
    path = written(folder, FULL.replace('fps: 10', 'fps: many'))
    line = path.read_text(encoding='utf-8').splitlines().index('live: {rate: 0.5, fps: many}') + 1
    with pytest.raises(
        ScenarioError,
        match=f"scenario.yaml, line {line}: live: fps: found the text 'many'; expected a number",
    ):
        read_scenario(path)
    path = written(folder, FULL.replace('dropped <= 0', 'droped <= 0'))
    with pytest.raises(ScenarioError, match=r'line 12: conditions\[2\]: .*did you mean dropped'):
        read_scenario(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match='gone.yaml cannot be read'):
        read_scenario(tmp_path / 'gone.yaml')


@pytest.mark.parametrize('example', EXAMPLES, ids=lambda path: path.name)
def test_the_examples_are_scenarios(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, example: Path
) -> None:
    text = example.read_text(encoding='utf-8')
    path = tmp_path / 'config' / 'evaluation' / example.name
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding='utf-8')
    (tmp_path / 'models').symlink_to(example.parents[2] / 'models')
    monkeypatch.setenv('ROADSEG_DATA', str(tmp_path / 'data'))
    for bag in yaml.safe_load(text)['bags']:
        (path.parent / bag.replace('$ROADSEG_DATA', str(tmp_path / 'data'))).mkdir(parents=True)
    scenario = read_scenario(path)
    assert scenario.name == example.stem and scenario.conditions
    assert scenario.settings(tmp_path).conditions == scenario.conditions
