"""Whole bags through an exact model: the figures are known, and the same every time."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from evaluation_configs import changed, configured
from source_fixtures import as_of_2019
from street_fixtures import street

from roadseg_core.bags.cdr import image_cdr
from roadseg_core.bags.message_types import RAW_TYPE
from roadseg_core.bags.reader import BagReader
from roadseg_core.bags.writer import BagWriter
from roadseg_core.evaluation.run import evaluate_bags
from roadseg_core.evaluation.settings.sections import TruthChoice
from roadseg_core.evaluation.settings.values import EvaluationError
from roadseg_core.pipeline.decoding import ImageMessage

FIRST_STAMP_NS = 1_700_000_000_000_000_000
PERIOD_NS = 100_000_000
TOPICS = TruthChoice(topics={'*': '/truth/{camera}/label'})


@pytest.fixture
def evaluated(tmp_path: Path, exact_model: str) -> Callable[..., tuple[dict, list[dict]]]:
    """Return a function that evaluates bags, and returns the report and the rows."""

    def run(*bags: Path, output: str = 'out', **settings: object) -> tuple[dict, list[dict]]:
        report = evaluate_bags(
            configured(bags=bags, output=tmp_path / output, model=exact_model, **settings)
        )
        lines = (tmp_path / output / 'frames.jsonl').read_text(encoding='utf-8').splitlines()
        return report, [json.loads(line) for line in lines]

    return run


def test_an_exact_model_has_exact_figures(street_bag, evaluated) -> None:
    report, rows = evaluated(street_bag('drive', cameras=('front', 'left')), truth=TOPICS)
    assert report['exit_code'] == 0
    assert report['frames']['evaluated'] == report['frames']['scored'] == 24
    assert report['scores']['road_iou'] == report['scores']['miou'] == 1.0
    assert [row['camera'] for row in rows] == ['front'] * 12 + ['left'] * 12
    assert [row['stamp_ns'] for row in rows[:12]] == [
        FIRST_STAMP_NS + number * PERIOD_NS for number in range(12)
    ]
    assert all(row['truth'] and row['iou'] == {'not road': 1.0, 'road': 1.0} for row in rows)
    assert all(0 < row['class_share']['road'] == row['road_share'] < 0.5 for row in rows)


def test_consistency_of_every_third_frame_is_that_of_all_and_changes_nothing_else(
    street_bag, evaluated
) -> None:
    bag = street_bag('drive', cameras=('front', 'left'))
    _, every = evaluated(bag, output='every')
    report, third = evaluated(bag, output='third', consistency_every=3)
    assert report['settings']['outputs']['consistency_every'] == 3
    assert every[2]['consistency'] is not None
    for row in every:
        if row['index'] % 3 != 2:
            row['consistency'] = None
    assert third == every


@pytest.mark.parametrize('cameras', [{}, {'front': '/camera/front/image_raw'}])
def test_a_bag_of_2019_gives_the_rows_of_a_new_one(street_bag, evaluated, cameras) -> None:
    bag = street_bag('drive', mcap=False)
    _, new = evaluated(bag, output='new', truth=TOPICS, cameras=cameras)
    report, old = evaluated(as_of_2019(bag), output='old', truth=TOPICS, cameras=cameras)
    assert report['exit_code'] == 0
    assert [{**row, 'bag': ''} for row in old] == [{**row, 'bag': ''} for row in new]


def test_a_folder_of_pictures_is_compared_with_truth_of_the_same_names(evaluated, tmp_path) -> None:
    for folder in ('drive', 'truth'):
        (tmp_path / folder).mkdir()
    for number in range(4):
        image, road = street(number)
        cv2.imwrite(str(tmp_path / f'drive/um_00{number}7.png'), image)
        if number != 2:
            cv2.imwrite(str(tmp_path / f'truth/um_00{number}7.png'), road)
    report, rows = evaluated(tmp_path / 'drive', truth=TruthChoice(folder=tmp_path / 'truth'))
    assert report['exit_code'] == 0
    assert [row['truth'] for row in rows] == [True, True, False, True]
    assert report['scores']['road_iou'] == 1.0
    _, rows = evaluated(tmp_path / 'drive', output='without')
    assert len(rows) == 4 and not any(row['truth'] for row in rows)


def test_a_video_is_compared_with_truth_by_frame(evaluated, tmp_path) -> None:
    video = tmp_path / 'drive.mp4'
    (tmp_path / 'truth/drive').mkdir(parents=True)
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter_fourcc(*'mp4v'), 10.0, (120, 80))
    for number in range(5):
        image, road = street(number)
        writer.write(image)
        cv2.imwrite(str(tmp_path / f'truth/drive/{number:06}.png'), road)
    writer.release()
    report, rows = evaluated(video, truth=TruthChoice(folder=tmp_path / 'truth'))
    assert report['exit_code'] == 0
    assert [row['index'] for row in rows] == list(range(5))
    assert all(row['truth'] for row in rows) and report['scores']['road_iou'] > 0.8


def test_an_encoding_that_is_not_known_goes_through_the_fallback(
    evaluated, tmp_path, exact_model
) -> None:
    with BagWriter(tmp_path / 'drive') as bag:
        for number in range(3):
            cdr = image_cdr(
                street(number)[0], encoding='8UC3_mirrored', stamp_ns=number + 1, frame_id='lens'
            )
            bag.write('/camera/front/image_raw', RAW_TYPE, number + 1, cdr)
    report, rows = evaluated(tmp_path / 'drive')
    assert report['exit_code'] == 2 and not rows

    def mirrored(message: ImageMessage) -> np.ndarray:
        image = np.frombuffer(message.data, np.uint8).reshape(message.height, message.width, 3)
        return np.ascontiguousarray(image[:, ::-1])

    config = configured(bags=(tmp_path / 'drive',), output=tmp_path / 'with', model=exact_model)
    report = evaluate_bags(config.with_fallback(mirrored))
    assert report['frames']['evaluated'] == 3


def test_two_runs_are_equal_to_the_byte_whatever_the_batch(street_bag, evaluated, tmp_path) -> None:
    bags = [street_bag('one', cameras=('front', 'left')), street_bag('two', first=5, mcap=False)]
    first, _ = evaluated(*bags, output='first', truth=TOPICS)
    second, _ = evaluated(*reversed(bags), output='second', truth=TOPICS)
    third, _ = evaluated(*bags, output='third', truth=TOPICS, batch=1)
    for name in ('second', 'third'):
        assert (tmp_path / name / 'frames.jsonl').read_bytes() == (
            tmp_path / 'first' / 'frames.jsonl'
        ).read_bytes()
    for key in ('frames', 'scores', 'no_truth', 'bags'):
        assert first[key] == second[key] == third[key]
    assert first['no_truth']['consistency'] is not None


def test_wrong_truth_is_counted_as_numpy_counts_it(street_bag, evaluated, tmp_path) -> None:
    bag = street_bag('drive', frames=3)
    folder = tmp_path / 'truth'
    folder.mkdir()
    expected = []
    with BagReader(bag) as reader:
        for number, message in enumerate(reader.messages(['/truth/front/label'])):
            road = np.frombuffer(bytes(message.data)[-9600:], np.uint8).reshape(80, 120)
            moved = np.roll(road, 9, axis=1)
            expected.append(np.count_nonzero(road & moved) / np.count_nonzero(road | moved))
            stamp = FIRST_STAMP_NS + number * PERIOD_NS
            cv2.imwrite(str(folder / f'{stamp}.png'), moved)
    _, rows = evaluated(bag, truth=TruthChoice(folder=folder))
    assert [row['road_iou'] for row in rows] == pytest.approx(expected, abs=1e-6)


def test_truth_by_index_within_a_slop_or_missing(street_bag, evaluated, tmp_path) -> None:
    bag = street_bag('drive', frames=4)
    folder = tmp_path / 'truth'
    folder.mkdir()
    for number in (1, 3):
        cv2.imwrite(str(folder / f'frame_{number:06}.png'), np.zeros((80, 120), np.uint8))
    report, rows = evaluated(bag, truth=TruthChoice(folder=folder, key='index'))
    assert [row['truth'] for row in rows] == [False, True, False, True]
    assert report['frames']['truth_missing'] == 2 and report['exit_code'] == 0
    stamps = tmp_path / 'stamps'
    stamps.mkdir()
    seconds, rest = divmod(FIRST_STAMP_NS + 2 * PERIOD_NS + 4_000_000, 1_000_000_000)
    cv2.imwrite(str(stamps / f'{seconds}.{rest:09}.png'), np.zeros((80, 120), np.uint8))
    for slop, found in ((3_999_999, 0), (4_000_000, 1)):
        _, rows = evaluated(
            bag, output=f'slop{slop}', truth=TruthChoice(folder=stamps, slop_seconds=slop / 1e9)
        )
        assert sum(row['truth'] for row in rows) == found


def test_a_part_of_the_frames_keeps_its_numbers(street_bag, evaluated) -> None:
    bag = street_bag('drive', frames=20)
    report, rows = evaluated(bag, start_seconds=0.5, end_seconds=1.5, every=3, truth=TOPICS)
    assert [row['index'] for row in rows] == [6, 9, 12]
    assert (report['frames']['read'], report['frames']['evaluated']) == (10, 3)
    assert report['bags'][0]['status'] == 'ok'


def test_conditions_decide_the_exit_code(street_bag, evaluated) -> None:
    from roadseg_core.evaluation.settings.conditions import parse_condition

    bag = street_bag('drive', frames=2)
    for text, code in (('road_iou >= 0.99', 0), ('road_iou <= 0.99', 1), ('flicker <= 1', 1)):
        report, _ = evaluated(
            bag, output=str(code), truth=TOPICS, conditions=(parse_condition(text),)
        )
        assert report['exit_code'] == code


def test_a_run_that_ends_early_leaves_no_verdict(street_bag, tmp_path, exact_model) -> None:
    output = tmp_path / 'out'
    settings = configured(
        bags=(street_bag('drive', frames=3),),
        output=output,
        model=exact_model,
        annotated='mcap',
        video=True,
    )
    evaluate_bags(settings)
    shown = {path.name for path in output.iterdir()} - {'parts'}
    assert {'front.mp4', 'annotated', 'report.html', 'frames.jsonl'} <= shown
    own = output / 'holiday.mp4'
    own.write_bytes(b'film')
    seen = []

    def fails(report: dict) -> dict:
        seen.append({path.name for path in output.iterdir()})
        assert report['exit_code'] == 0
        raise EvaluationError('the node is gone')

    for name in ('comparison.json', 'report.json'):
        (output / name).write_text('{"exit_code": 0}', encoding='utf-8')
    with pytest.raises(EvaluationError, match='gone'):
        evaluate_bags(settings, complete=fails)
    assert seen == [{'parts', 'holiday.mp4', 'frames.jsonl', 'timings.jsonl', 'bad.jsonl'}]
    assert not (output / 'report.json').exists() and own.exists()
    report = evaluate_bags(settings, complete=lambda report: {**report, 'exit_code': 1})
    assert report['exit_code'] == 1 and (output / 'front.mp4').is_file()
    assert json.loads((output / 'report.json').read_text(encoding='utf-8')) == report


def test_what_cannot_be_run_says_why(street_bag, tmp_path, exact_model) -> None:
    bag = street_bag('drive', frames=2)
    settings = configured(bags=(bag,), output=tmp_path / 'out', model=exact_model)
    evaluate_bags(settings)
    with pytest.raises(EvaluationError):
        evaluate_bags(changed(settings, truth=TruthChoice(folder=tmp_path / 'none')))
    assert not (tmp_path / 'out' / 'report.json').exists()  # the earlier run's
    for other, message in (
        ({'model': tmp_path / 'no.onnx'}, 'no.onnx'),
        ({'batch': 9}, 'at most 4'),
        ({'output': Path(exact_model)}, 'choose another'),
        ({'truth': TruthChoice(folder=tmp_path / 'none')}, 'does not exist'),
        ({'truth': TruthChoice(folder=bag)}, 'holds no PNG'),
        ({'truth': TruthChoice(topics={'*': '/t'}, label_map='nine')}, 'nine'),
    ):
        with pytest.raises(EvaluationError, match=message):
            evaluate_bags(changed(settings, **other))
    for wrong, message in (
        ({'bags': (bag, bag.parent / '.' / 'drive')}, 'same bag'),
        ({'every': 0}, 'greater than or equal to 1'),
        ({'end_seconds': 0.0}, 'greater than 0'),
        ({'annotated': 'bag'}, 'mcap'),
        ({'road_threshold': 2.0}, 'less than or equal to 1'),
        ({'topics': {'*': '/t'}, 'folder': tmp_path}, 'choose one'),
    ):
        with pytest.raises(ValueError, match=message):
            configured(**{'bags': (bag,), **wrong})
