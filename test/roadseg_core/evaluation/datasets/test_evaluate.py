"""``roadseg evaluate``: from a checkpoint and a data set to figures, page and video."""

from __future__ import annotations

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from checkpoint_files import write_checkpoint

from roadseg_core.cli import main
from roadseg_core.geometry import Geometry
from roadseg_core.labels import IGNORE, NOT_ROAD, SEVEN
from roadseg_core.metrics import SegmentedFrame, Tally
from roadseg_core.models import build_network


@pytest.fixture(scope='module')
def road_where_it_is_bright(tmp_path_factory) -> Path:
    """Save a U-Net whose last layer is set so that bright pixels are road."""
    path = tmp_path_factory.mktemp('model') / 'bright.safetensors'
    torch.manual_seed(1)
    network = build_network('unet', {'filters': 2}).eval()
    geometry = Geometry('stretch', (32, 64))
    return write_checkpoint(path, 'unet', {'filters': 2}, geometry, network=network)


def evaluate(capsys, *arguments: object) -> tuple[int, str]:
    """Run the command; return its status and output."""
    status = main(['evaluate', *map(str, arguments)])
    return status, capsys.readouterr().out


def test_report_page_and_video(streets, road_where_it_is_bright, capsys):
    out = streets / 'out'
    status, text = evaluate(
        capsys,
        '--model',
        road_where_it_is_bright,
        '--data',
        'kitti_road:train',
        '--root',
        streets,
        '--json',
        out / 'r.json',
        '--html',
        out / 'r.html',
        '--video',
        out / 'r.mp4',
        '--worst',
        out / 'r.jpg',
        'frames=6',
    )
    assert status == 0
    report = json.loads((out / 'r.json').read_text())
    assert (report['data'], report['frames'], report['frames_from_above']) == (
        'kitti_road_train',
        6,
        6,
    )
    # Of 120x48 pixels, ten columns are not valid.
    assert report['scores']['pixels'] == report['road']['image_view']['pixels'] == 6 * 110 * 48
    assert np.sum(report['confusion']) == 6 * 110 * 48
    for figure in ('miou', 'pixel_accuracy', 'mean_class_accuracy', 'road_precision'):
        assert 0 <= report['scores'][figure] <= 1
    for view in ('image_view', 'birds_eye_view'):
        assert {'max_f', 'average_precision', 'precision', 'recall', 'auc'} <= set(
            report['road'][view]
        )
    assert [(band['from_m'], band['to_m']) for band in report['road']['distance']] == [
        (6, 16),
        (16, 26),
        (26, 36),
        (36, 46),
    ]
    for word in (
        'kitti_road_train: 6 frames',
        'mIoU',
        'MaxF',
        "bird's-eye view",
        'boundary',
        '36 to 46 m',
    ):
        assert word in text
    page = (out / 'r.html').read_text()
    # Nothing is loaded. All frames show one scene: of the worst, the middling and the best one is
    # there, in six pictures.
    assert page.count('src="data:image/') == 18
    others = re.findall(r'(?:src|href)="(?!data:)([^"]*)', page)
    assert others == ['r.json', 'r.jpg', 'r.mp4']
    # One frame of 120x48, four pictures.
    assert cv2.imread(str(out / 'r.jpg')).shape == (128, 4 * 320, 3)
    video = cv2.VideoCapture(str(out / 'r.mp4'))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 6
    assert video.read()[1].shape == (48, 120, 3)


def test_json_alone_may_go_to_the_terminal(streets, road_where_it_is_bright, capsys):
    status, text = evaluate(
        capsys,
        '--model',
        road_where_it_is_bright,
        '--data',
        'kitti_road',
        '--root',
        streets,
        '--json',
        '-',
        '--at',
        'network',
    )
    report = json.loads(text)
    assert status == 0 and report['compared_at'] == 'network'
    # Seen from above are the camera's pixels only.
    assert report['road']['birds_eye_view'] is None and report['frames'] == 2
    # 64x32 pixels, of which 10 of 120 columns are not valid: 58 or 59 are.
    assert 2 * 58 * 32 <= report['scores']['pixels'] <= 2 * 59 * 32


def test_damaged_frames_are_fatal_or_left_out(streets, road_where_it_is_bright, capsys, caplog):
    arguments = [
        '--model',
        road_where_it_is_bright,
        '--data',
        'kitti_road:train',
        '--root',
        streets,
        '--json',
        '-',
    ]
    path = streets / 'kitti_road' / 'training' / 'image_2' / 'um_000001.png'
    path.write_bytes(path.read_bytes()[:-60])
    assert main(['evaluate', *map(str, arguments)]) == 1
    assert 'um_000001.png' in capsys.readouterr().err
    status, text = evaluate(capsys, *arguments, 'on_error=skip')
    assert status == 0 and json.loads(text)['frames'] == 7
    assert 'skipped 1 frames' in caplog.text and 'um_000001.png' in caplog.text


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['--data', 'kitti'], "'kitti'; expected one of"),
        (['--data', 'camvid'], 'no data set with'),
        (['--data', 'kitti_road', 'truth=street'], 'truth'),
    ],
)
def test_mistakes_are_answered(streets, road_where_it_is_bright, capsys, arguments, message):
    assert (
        main(
            [
                'evaluate',
                '--model',
                str(road_where_it_is_bright),
                '--root',
                str(streets),
                *arguments,
            ]
        )
        == 1
    )
    assert message in capsys.readouterr().err


def frame(truth: list[list[int]], labels: list[list[int]]) -> SegmentedFrame:
    """Return a frame with the probability that its labels mean."""
    called = np.array(labels, np.uint8)
    return SegmentedFrame(
        'f',
        np.zeros((*called.shape, 3), np.uint8),
        np.array(truth, np.uint8),
        called,
        np.where(called == 2, 200, 10).astype(np.uint8),
    )


def test_truth_of_road_only_is_compared_as_road_or_not():
    tally = Tally(SEVEN, road_only=True)
    scores = tally.add(frame([[2, 2, NOT_ROAD, NOT_ROAD, IGNORE]], [[2, 1, 3, 2, 2]]))
    assert tally.confusion.counts.tolist() == [[1, 1, 0], [1, 1, 0]]
    assert scores.road_iou == pytest.approx(1 / 3)
    assert tally.to_dict()['classes'] == ['not road', 'road']


def test_void_truth_counts_nowhere_and_tallies_add_up():
    frames = [frame([[0, 2, 6, 255]], [[0, 2, 2, 2]]), frame([[2, 3, 3, 4]], [[2, 3, 2, 255]])]
    together = Tally(SEVEN, road_only=False)
    apart = [Tally(SEVEN, road_only=False) for _ in frames]
    for one, tally in zip(frames, apart):
        together.add(one)
        tally.add(one)
    apart[0].merge(apart[1])
    assert apart[0].to_dict() == together.to_dict()
    report = together.to_dict()
    assert report['scores']['pixels'] == 6 and report['road']['image_view']['pixels'] == 6
    assert report['scores']['iou'] == {
        'sky': 1.0,
        'road': pytest.approx(2 / 3, abs=1e-5),
        'sidewalk': 0.5,
        'vehicles': 0.0,
    }


def test_corruptions_and_calibration_stand_in_report_text_and_page(
    streets, road_where_it_is_bright, capsys
):
    out = streets / 'out'
    arguments = ['--data', 'kitti_road', '--root', streets, '--corruptions', '--at', 'network']
    files = ['--json', out / 'r.json', '--html', out / 'r.html']
    status, text = evaluate(capsys, '--model', road_where_it_is_bright, *arguments, *files)
    assert status == 0
    report = json.loads((out / 'r.json').read_text())
    assert set(report['corruptions']) == {'fog', 'rain', 'night', 'glare', 'blur', 'jpeg'}
    for of in (report, *report['corruptions'].values()):
        assert of['scores']['pixels'] == report['scores']['pixels']
        assert all(0 <= stated['ece'] <= 1 for stated in of['calibration'].values())
    for stated in report['calibration'].values():
        assert sum(stated['bins']['pixels']) == report['scores']['pixels']
    # Each is another picture to the model.
    briers = [
        of['calibration']['road_probability']['brier'] for of in report['corruptions'].values()
    ]
    assert len({report['calibration']['road_probability']['brier'], *briers}) == 7
    assert re.search(r'^night .*\([+-]\d', text, re.MULTILINE) and 'ECE' in text
    page = (out / 'r.html').read_text()
    assert page.count('data-chart') == 4 and 'Weather' in page
