"""What evaluate_bag is asked for, and how it ends."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from roadseg_core.evaluation.junit import Case
from roadseg_core.evaluation.settings.arguments import make_parser
from roadseg_core.evaluation.settings.request import Request, add_request_arguments, make_request
from roadseg_core.evaluation.settings.settings import EvaluationError
from roadseg_core.evaluation.suite import SuiteFile
from roadseg_ros.evaluate_bag import main

ROOT = Path(__file__).resolve().parents[4]


def request_of(*arguments: str) -> Request:
    parser = make_parser()
    add_request_arguments(parser)
    return make_request(parser.parse_args(arguments), parser)


def scenario_file(folder: Path, **values: object) -> str:
    path = folder / 'city.yaml'
    path.write_text(yaml.safe_dump({'format': 1, **values}), encoding='utf-8')
    return str(path)


@pytest.fixture
def scenario(street_bag: Callable[..., Path], model: str, tmp_path: Path) -> Callable[..., str]:
    """Return a function that writes a scenario of one bag with truth."""
    street_bag('drive', frames=6)

    def write(**values: object) -> str:
        return scenario_file(
            tmp_path,
            **{
                'bags': ['drive'],
                'model': model,
                'truth': {'topics': {'*': '/truth/{camera}/label'}, 'label_map': 'two'},
                'engine': {'precision': 'fp32'},
                'outputs': {'consistency': False, 'pictures': 0},
                **values,
            },
        )

    return write


def cases_of(path: Path) -> dict[str, str]:
    """Return how each case of a JUnit file came out."""
    return {
        f'{case.get("classname")}: {case.get("name")}': next(
            (child.tag for child in case if child.tag in ('failure', 'error')), 'passed'
        )
        for case in ElementTree.parse(path).getroot().iter('testcase')
    }


@pytest.mark.parametrize(
    ('condition', 'exit_code', 'outcome'),
    [('road_iou >= 0', 0, 'passed'), ('road_iou > 1', 1, 'failure')],
)
def test_a_scenario_passes_or_fails(
    scenario: Callable[..., str], tmp_path: Path, condition: str, exit_code: int, outcome: str
) -> None:
    output, junit = tmp_path / 'out', tmp_path / 'ci' / 'junit.xml'
    assert (
        main(
            [
                scenario(name='city', conditions=[condition]),
                '--output',
                str(output),
                '--junit',
                str(junit),
            ]
        )
        == exit_code
    )
    report = json.loads((output / 'report.json').read_text(encoding='utf-8'))
    assert report['exit_code'] == exit_code and report['frames']['evaluated'] == 6
    cases = cases_of(junit)
    condition = report['conditions'][0]['condition']
    assert cases.pop(f'city.conditions: {condition}') == outcome
    assert set(cases.values()) == {'passed'}


def test_what_could_not_run_is_an_error_in_the_junit_file(
    scenario: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / 'wrong.onnx'
    wrong.write_bytes(b'no model')
    junit = tmp_path / 'junit.xml'
    assert (
        main(
            [scenario(model='wrong.onnx'), '--output', str(tmp_path / 'out'), '--junit', str(junit)]
        )
        == 2
    )
    assert 'wrong.onnx' in capsys.readouterr().err
    assert list(cases_of(junit).values()) == ['error']


def test_two_models_are_compared(scenario: Callable[..., str], model: str, tmp_path: Path) -> None:
    output = tmp_path / 'out'
    other = ROOT / 'models' / 'unet_8.onnx'
    path = scenario(
        truth={'topics': {'*': '/truth/{camera}/label'}, 'label_map': 'two'},
        comparison={
            'against': str(other),
            'rule': ['road_iou >= -1', 'road_iou <= 1'],
            'block_seconds': 0.1,
            'resamples': 200,
            'pictures': 2,
        },
    )
    assert main([path, '--output', str(output), '--junit', str(tmp_path / 'j.xml')]) == 0
    content = json.loads((output / 'comparison.json').read_text(encoding='utf-8'))
    assert content['verdict'] == 'accepted' and content['blocks'] == 6
    assert content['model']['path'] == model and content['against']['path'] == str(other)
    assert len(content['most_different']) == 2
    for name in ('model', 'against'):
        assert (output / name / 'report.html').is_file()
    page = (output / 'report.html').read_text(encoding='utf-8')
    assert page.count('data:image') == 10  # frame, A, B, difference and truth, twice
    assert sum('comparison' in name for name in cases_of(tmp_path / 'j.xml')) == 2


def test_a_comparison_that_fails_leaves_no_earlier_one(
    scenario: Callable[..., str], model: str, tmp_path: Path
) -> None:
    output, wrong = tmp_path / 'out', tmp_path / 'wrong.onnx'
    wrong.write_bytes(b'no model')
    earlier = [
        output / 'comparison.json',
        output / 'report.html',
        output / 'report.json',
        output / 'against' / 'report.json',
        output / 'against' / 'frames.jsonl',
    ]
    for path in earlier:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('{}', encoding='utf-8')
    assert main([scenario(), '--against', str(wrong), '--output', str(output)]) == 2
    assert not any(path.exists() for path in earlier)
    assert (output / 'model' / 'report.json').is_file()


def test_options_are_added_to_a_scenario(scenario: Callable[..., str], model: str) -> None:
    path = scenario(conditions=['dropped <= 0'], live={'rate': 0.5})
    request = request_of(path, '--condition', 'flicker <= 1', '--workers', '2')
    assert [str(one) for one in request.settings.conditions] == ['dropped <= 0', 'flicker <= 1']
    assert request.fleet.workers == 2 and request.live is None and request.name == 'city'
    live = request_of('--scenario', path, '--live', '--fps', '5').live
    assert (live.rate, live.fps) == (0.5, 5)
    compares = scenario(comparison={'against': model}, live={'rate': 0.5})
    assert request_of(compares).comparison and request_of(compares, '--live').comparison is None
    compared = request_of(path, '--against', model, '--rule', 'flicker <= 0').comparison
    assert str(compared.against) == model and len(compared.rule) == 1


def test_the_scenario_of_the_documentation_is_compared_and_played(
    street_bag: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv('DRIVES', str(tmp_path))
    text = (ROOT / 'docs' / 'comparing_models.md').read_text(encoding='utf-8')
    path = tmp_path / 'config' / 'city.yaml'
    path.parent.mkdir()
    path.write_text(re.search('```yaml\n(format: 1.*?)```', text, re.DOTALL)[1], encoding='utf-8')
    for name in ('monday', 'tuesday.mcap'):
        street_bag(name, frames=1)
    (tmp_path / 'models').mkdir()
    for name in ('new.onnx', 'old.onnx'):
        (tmp_path / 'models' / name).write_bytes(b'')
    compared, played = request_of(str(path)), request_of(str(path), '--live')
    assert compared.comparison is not None and compared.live is None
    assert played.comparison is None and played.live.fps == 15


def test_workers_elsewhere_are_told_whole_paths() -> None:
    arguments = ('drive', '--output', 'out', '--truth-folder', 'truth')
    there = request_of(*arguments, '--scheduler', 'tcp://127.0.0.1:9').settings
    assert all(path.is_absolute() for path in (*there.bags, there.output, there.truth.folder))
    assert request_of(*arguments, '--workers', '2').settings.bags == (Path('drive'),)


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (['SCENARIO', 'bag'], '1 bags; a scenario names its bags itself'),
        (['SCENARIO', 'other.yaml'], '2 scenario files'),
        (['SCENARIO', '--every', '2'], '--every beside the scenario'),
        (['SCENARIO', '--live', '--workers', '2'], '--live plays to one node'),
        (['SCENARIO', '--live', '--against', 'SCENARIO'], '--live plays to one node'),
        (['bag', '--live', '--every', '2'], 'leave out --every'),
        (['bag', '--live', '--rate', 'inf'], 'rate inf'),
        (['bag', '--live', '--clock', 'nan'], 'clock nan'),
        (['bag', '--start', 'nan'], 'time range nan'),
        (['bag', '--end', 'inf'], 'time range 0 to inf'),
        (['bag', '--truth-slop', 'nan'], '--truth-slop nan'),
        (['bag', '--pictures', '-1'], 'pictures -1'),
        (['bag', '--threads', '-3'], 'threads -3'),
        (['bag', '--batch', 'many'], "invalid int value: 'many'"),
        (['bag', '--against', 'SCENARIO', '--block-seconds', 'inf'], '--block-seconds inf'),
        (['SCENARIO', '--rate', '2'], 'need --live'),
        (['SCENARIO', '--live', '--rate', '0'], 'expected more than 0'),
        (['SCENARIO', '--against', 'gone.onnx'], 'there is no such file'),
        (['SCENARIO', '--rule', 'road_iou > 0'], 'name one: --against'),
        (['SCENARIO', '--condition', 'road_uoi > 0'], 'did you mean road_iou'),
        ([], 'no bag is named'),
    ],
)
def test_what_does_not_fit_is_refused(
    scenario: Callable[..., str], arguments: list[str], reason: str
) -> None:
    path = scenario()
    with pytest.raises(EvaluationError) as caught:
        request_of(*(path if word == 'SCENARIO' else word for word in arguments))
    assert reason in str(caught.value)


def test_a_scenario_that_is_wrong_ends_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = scenario_file(tmp_path, bags=['gone'])
    assert main([path, '--output', str(tmp_path / 'out')]) == 2
    assert f'{path}, line 1: bags[0]' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('words', 'reason'),
    [
        (['--start', 'nan'], 'time range nan'),
        (['--colour'], '--colour'),
        (['--condition', 'none'], 'no condition'),
        (['gone.yaml'], 'gone.yaml'),
    ],
)
def test_a_wrong_request_is_an_error_in_the_junit_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], reason: str
) -> None:
    junit = tmp_path / 'junit.xml'
    junit.write_text('<testsuites/>', encoding='utf-8')
    bag = [] if words[0].endswith('.yaml') else ['drive']
    assert main([*bag, *words, '--junit', str(junit)]) == 2
    assert reason in capsys.readouterr().err
    assert list(cases_of(junit).values()) == ['error']
    assert reason in junit.read_text(encoding='utf-8')


def test_a_suite_is_an_error_until_it_is_finished(tmp_path: Path) -> None:
    path = tmp_path / 'ci' / 'junit.xml'
    suite = SuiteFile(path)
    suite.begin()
    assert list(cases_of(path).values()) == ['error']
    suite.finish([Case('bags', 'drive')])
    assert list(cases_of(path).values()) == ['passed', 'passed']
    suite.fail('stopped')
    assert list(cases_of(path).values()) == ['error']
    with pytest.raises(EvaluationError, match='cannot be written'):
        SuiteFile(path / 'junit.xml').begin()


@pytest.mark.parametrize('error', [KeyboardInterrupt(), RuntimeError('a fault')])
def test_whatever_happens_ends_with_2(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    error: BaseException,
) -> None:
    def broken(*arguments: object, **more: object) -> None:
        raise error

    monkeypatch.setattr('roadseg_ros.evaluate_bag.run_request', broken)
    junit = tmp_path / 'junit.xml'
    assert main(['drive', '--junit', str(junit)]) == 2
    said = capsys.readouterr().err
    assert 'Traceback' not in said and ('RuntimeError: a fault' in said or 'stopped' in said)
    assert list(cases_of(junit).values()) == ['error']
