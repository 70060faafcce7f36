"""The command line of evaluate_bag: what it asks for, and how a call ends."""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from roadseg_core.evaluation.drives.segmenting import segmented
from roadseg_core.evaluation.results.junit import SuiteFile, make_case
from roadseg_core.evaluation.settings.arguments import read_arguments
from roadseg_core.evaluation.settings.config import EvaluationConfig
from roadseg_core.evaluation.settings.values import EvaluationError
from roadseg_ros.evaluate_bag import main

ROOT = Path(__file__).resolve().parents[4]


def read(*arguments: str) -> EvaluationConfig:
    return read_arguments(arguments)


def evaluation_file(folder: Path, **values: object) -> str:
    path = folder / 'city.yaml'
    path.write_text(yaml.safe_dump({'format': 1, **values}), encoding='utf-8')
    return str(path)


@pytest.fixture
def written(street_bag: Callable[..., Path], model: str, tmp_path: Path) -> Callable[..., str]:
    """Return a function that writes an evaluation file of one bag with truth."""
    street_bag('drive', frames=6)

    def write(**values: object) -> str:
        return evaluation_file(
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
def test_a_file_passes_or_fails(
    written: Callable[..., str], tmp_path: Path, condition: str, exit_code: int, outcome: str
) -> None:
    output, junit = tmp_path / 'out', tmp_path / 'ci' / 'junit.xml'
    assert (
        main(
            [
                written(name='city', conditions=[condition]),
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
    written: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / 'wrong.onnx'
    wrong.write_bytes(b'no model')
    junit = tmp_path / 'junit.xml'
    assert (
        main(
            [written(model='wrong.onnx'), '--output', str(tmp_path / 'out'), '--junit', str(junit)]
        )
        == 2
    )
    assert 'wrong.onnx' in capsys.readouterr().err
    assert list(cases_of(junit).values()) == ['error']


def test_two_models_are_compared(written: Callable[..., str], model: str, tmp_path: Path) -> None:
    output = tmp_path / 'out'
    other = ROOT / 'models' / 'unet_8.onnx'
    path = written(
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
    written: Callable[..., str], model: str, tmp_path: Path
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
    for name in ('model', 'against'):  # where an evaluation keeps the parts of its bags
        (output / name / 'parts').mkdir(parents=True)
    assert main([written(), '--against', str(wrong), '--output', str(output)]) == 2
    assert not any(path.exists() for path in earlier)


def test_options_are_added_to_a_written(written: Callable[..., str], model: str) -> None:
    path = written(conditions=['dropped <= 0'], live={'rate': 0.5})
    request = read(path, '--condition', 'flicker <= 1', '--workers', '2')
    assert [str(one) for one in request.conditions] == ['dropped <= 0', 'flicker <= 1']
    assert request.fleet.workers == 2 and request.live is None and request.name == 'city'
    live = read('--config', path, '--live', '--fps', '5').live
    assert (live.rate, live.fps) == (0.5, 5)
    compares = written(comparison={'against': model}, live={'rate': 0.5})
    assert read(compares).comparison and read(compares, '--live').comparison is None
    compared = read(path, '--against', model, '--rule', 'flicker <= 0').comparison
    assert str(compared.against) == model and len(compared.rule) == 1


def test_the_file_of_the_documentation_is_compared_and_played(
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
    compared, played = read(str(path)), read(str(path), '--live')
    assert compared.comparison is not None and compared.live is None
    assert played.comparison is None and played.live.fps == 15


def test_workers_elsewhere_are_told_whole_paths() -> None:
    arguments = ('drive', '--output', 'out', '--truth-folder', 'truth')
    there = read(*arguments, '--scheduler', 'tcp://127.0.0.1:9')
    assert all(path.is_absolute() for path in (*there.bags, there.output, there.truth.folder))
    assert read(*arguments, '--workers', '2').bags == (Path('drive'),)


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (['FILE', 'bag'], 'the file names its bags itself'),
        (['FILE', 'other.yaml'], '2 evaluation files'),
        (['--scenario', 'FILE'], 'is now called --config'),
        (['FILE', '--live', '--workers', '2'], '--live plays to one node'),
        (['FILE', '--live', '--against', 'FILE'], '--live plays to one node'),
        (['bag', '--live', '--every', '2'], 'leave out --every'),
        (['bag', '--live', '--rate', 'inf'], '--rate: inf should be'),
        (['bag', '--live', '--clock', 'nan'], '--clock: nan should be'),
        (['bag', '--start', 'nan'], '--start: nan should be'),
        (['bag', '--end', 'inf'], '--end: inf should be'),
        (['bag', '--start', '5', '--end', '2'], 'from 5 s to 2 s is empty'),
        (['bag', '--truth-slop', 'nan'], '--truth-slop: nan should be'),
        (['bag', '--pictures', '-1'], '--pictures: -1 should be greater than or equal to 0'),
        (['bag', '--threads', '-3'], '--threads: -3 should be'),
        (['bag', '--batch', 'many'], "invalid int value: 'many'"),
        (['bag', '--against', 'FILE', '--block-seconds', 'inf'], '--block-seconds: inf'),
        (['bag', '--camera', 'front'], '--camera: *=front; expected a name'),
        (['bag', '--workers', '2', '--scheduler', 'tcp://a:1'], 'choose one'),
        (['bag', 'bag'], 'are the same bag'),
        (['FILE', '--rate', '2'], 'need --live'),
        (['FILE', '--live', '--rate', '0'], '--rate: 0.0 should be greater than 0'),
        (['FILE', '--rule', 'road_iou > 0'], 'name one: --against'),
        (['FILE', '--condition', 'road_uoi > 0'], 'did you mean road_iou'),
        (['bag', '--condition', 'road_iou > 0'], 'can never be decided: road_iou needs truth'),
        (['bag', '--condition', 'iou.road > 0'], 'can never be decided: iou.road needs truth'),
        (['bag', '--condition', 'sent > 0'], 'in live mode alone: --live'),
        (['bag', '--no-consistency', '--condition', 'consistency > 0'], '--no-consistency'),
        ([], 'no bag is named'),
    ],
)
def test_what_does_not_fit_is_refused(
    written: Callable[..., str], arguments: list[str], reason: str
) -> None:
    path = written()
    with pytest.raises(EvaluationError) as caught:
        read(*(path if word == 'FILE' else word for word in arguments))
    assert reason in str(caught.value)


def test_a_file_that_is_wrong_ends_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = evaluation_file(tmp_path, bags=['gone'])
    assert main([path, '--output', str(tmp_path / 'out')]) == 2
    assert f'{path}, line 1: bags: 0: ' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('words', 'reason'),
    [
        (['--start', 'nan'], '--start: nan'),
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
    suite.finish([make_case('bags', 'drive')])
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

    monkeypatch.setattr('roadseg_ros.evaluate_bag.evaluate', broken)
    junit = tmp_path / 'junit.xml'
    assert main(['drive', '--junit', str(junit)]) == 2
    said = capsys.readouterr().err
    assert 'Traceback' not in said and ('RuntimeError: a fault' in said or 'stopped' in said)
    assert list(cases_of(junit).values()) == ['error']


def test_five_calls_lead_from_the_command_to_the_first_frame(
    street_bag: Callable[..., Path],
    exact_model: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    stacks = []

    def watched(*arguments: object, **more: object) -> Iterator[object]:
        # The stack when the first frame is asked for, without this function.
        stacks.append(traceback.extract_stack()[:-1])
        return segmented(*arguments, **more)

    monkeypatch.setattr('roadseg_core.evaluation.drives.one_bag.segmented', watched)
    words = [str(street_bag('drive', frames=2)), '--model', exact_model]
    assert main([*words, '--output', str(tmp_path / 'out')]) == 0
    ours = [
        frame.name
        for frame in stacks[0]
        if any(
            Path(frame.filename).is_relative_to(ROOT / package)
            for package in ('roadseg_core', 'roadseg_ros')
        )
    ]
    assert [*ours, 'segmented'] == [
        'main',
        'evaluate',
        'evaluate_bags',
        'evaluate_bag',
        'segmented',
    ]
