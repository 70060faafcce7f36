"""Evaluation files."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from evaluation_configs import configured

from roadseg_core.evaluation.settings.arguments import read_arguments
from roadseg_core.evaluation.settings.config import EvaluationConfig
from roadseg_core.evaluation.settings.values import EvaluationError

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


def read(path: Path, *options: str) -> EvaluationConfig:
    return read_arguments([str(path), *options])


def written(folder: Path, text: str) -> Path:
    path = folder / 'city.yaml'
    path.write_text(text, encoding='utf-8')
    return path


def test_a_full_file_is_read(folder: Path) -> None:
    config = read(written(folder, FULL))
    assert config.bags == (folder / 'drive_1', folder / 'far/drive_2')
    assert config.model == folder / 'new.onnx'
    assert config.engine.threads == 2
    assert config.truth.topics == {'front': '/truth/front/label'}
    assert config.truth.slop_ns == 10_000_000
    assert (config.range.start_seconds, config.range.end_seconds, config.range.every) == (1, 9.5, 2)
    assert [str(condition) for condition in config.conditions] == [
        'road_iou >= 0.95',
        'latency_p99_ms <= 66',
        'dropped <= 0',
    ]
    assert str(config.comparison.rule[0]) == 'difference of road_iou >= -0.005'
    assert config.live is None
    played = read(written(folder, FULL.replace('every: 2', 'every: 1')), '--live').live
    assert played.rate == 0.5 and played.node is None


def test_options_take_the_place_of_what_a_file_says(folder: Path) -> None:
    path = written(folder, FULL)
    config = read(path, '--every', '3', '--no-confidence', '--output', str(folder / 'out'))
    assert config == configured(
        **{
            **vars(read(path)),
            'output': folder / 'out',
            'range': {'start_seconds': 1.0, 'end_seconds': 9.5, 'every': 3},
            'outputs': {'confidence': False, 'consistency': False, 'annotated': 'mcap'},
        }
    )


def test_one_truth_topic_may_stand_for_all_cameras(folder: Path) -> None:
    text = FULL.replace('{front: /truth/front/label}', "{'*': '/truth/{camera}/label'}")
    assert read(written(folder, text)).truth.topics == {'*': '/truth/{camera}/label'}


def test_what_is_not_said_has_a_default(folder: Path) -> None:
    config = read(written(folder, 'format: 1\nbags: drive_1\n'))
    assert config.name == 'city' and config.model is None and config.range.every == 1
    assert not config.conditions and config.comparison is None and config.live is None


@pytest.mark.parametrize(
    ('old', 'new', 'reason'),
    [
        ('format: 1', 'format: 7', 'format: 7 should be 1'),
        ('format: 1', '', "'format' is missing"),
        ('name: city', 'nmae: city', 'nmae: the key is not known (did you mean name?)'),
        ('threads: 2', 'thread: 2', 'engine: thread: the key is not known (did you mean threads?)'),
        ('name: city', 'name: [a]', "name: ['a'] should be a valid string"),
        ('name: city', 'name: a\nname: b', "'name' stands twice"),
        ('drive_1', 'drive_9', 'drive_9 does not exist'),
        ('$PLACE', '$NOWHERE_AT_ALL', 'environment variable that is not set'),
        ('[drive_1, $PLACE/drive_2]', '[]', 'no bag is named'),
        ('[drive_1, $PLACE/drive_2]', '[drive_1, drive_1]', 'are the same bag'),
        ('[drive_1, $PLACE/drive_2]', '[drive_1, 3]', 'bags: 1: 3 should be'),
        ('openvino', 'pytorch', "'pytorch' should be 'auto', "),
        ('threads: 2', 'threads: 2.5', 'engine: threads: 2.5 should be a valid integer'),
        ('threads: 2', 'threads: true', 'engine: threads: True should be a valid integer'),
        ('every: 2', 'every: 0', 'range: every: 0 should be greater than or equal to 1'),
        ('end_seconds: 9.5', 'end_seconds: 0.5', 'expected an end after the start'),
        ('road_iou >= 0.95', 'road_uoi >= 0.95', 'conditions: 0: '),
        ('road_iou >= -0.005', 'dropped <= 0', 'comparison: rule: 0: '),
        ('against: old.onnx', 'against: gone.onnx', 'gone.onnx does not exist'),
        ('against: old.onnx', 'seed: 1', 'comparison: against: is missing'),
        ('slop_seconds: 0.01', 'folder: far', 'choose one'),
        ('/truth/front/label', 'label', 'expected a full name'),
        ('{consistency: false, annotated: mcap}', '5', 'outputs: 5 should be a mapping'),
        ('{front: /camera/front/image_raw}', '{front: [a]}', 'cameras: '),
        ('{front: /camera/front/image_raw}', '[1]', 'cameras: [1] should be'),
        ('format: 1', 'format: [1', 'is no YAML'),
    ],
)
def test_errors_name_the_place_and_the_reason(
    folder: Path, old: str, new: str, reason: str
) -> None:
    path = written(folder, FULL.replace(old, new, 1))
    with pytest.raises(EvaluationError) as caught:
        read(path)
    assert reason in str(caught.value) and str(path) in str(caught.value)


def test_errors_name_the_line(folder: Path) -> None:
    path = written(folder, FULL.replace('rate: 0.5', 'rate: many'))
    line = path.read_text(encoding='utf-8').splitlines().index('live: {rate: many, fps: 10}') + 1
    with pytest.raises(
        EvaluationError,
        match=f"city.yaml, line {line}: live: rate: 'many' should be a valid number",
    ):
        read(path, '--live')
    path = written(folder, FULL.replace('dropped <= 0', 'droped <= 0'))
    with pytest.raises(EvaluationError, match='line 12: conditions: 2: .*did you mean dropped'):
        read(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match='gone.yaml cannot be read'):
        read(tmp_path / 'gone.yaml')


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
    config = read(path, *(['--live'] if example.stem == 'live' else []))
    assert config.name == example.stem and config.conditions
