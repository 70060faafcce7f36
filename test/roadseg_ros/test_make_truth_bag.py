"""Bags made from data sets say what the data sets say."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from evaluation_configs import configured

from roadseg_core.bags.images import decode, parse_raw
from roadseg_core.bags.reader import BagReader
from roadseg_core.data.dataset import open_source
from roadseg_core.engines import open_engine
from roadseg_core.evaluation.run import evaluate_bags
from roadseg_core.evaluation.settings.sections import GroundChoice, TruthChoice
from roadseg_core.labels import IGNORE, SEVEN
from roadseg_core.metrics import ConfusionMatrix
from roadseg_core.pipeline.frame import Frame, OutputOptions
from roadseg_ros.make_truth_bag import main

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / 'models' / 'mobilenet_fcn_0.5.onnx'


def data() -> Path:
    """Return the folder of the data sets, or skip."""
    root = Path(os.environ.get('ROADSEG_DATA') or ROOT.parent / 'shared' / 'data')
    if not (root / 'camvid').is_dir() or not (root / 'kitti_road').is_dir():
        pytest.skip(f'no CamVid and KITTI Road in {root}; set ROADSEG_DATA to their folder')
    return root


def test_rendered_frames_come_back(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    bag = tmp_path / 'bag'
    assert (
        main(
            [
                str(bag),
                '--data',
                'rendered',
                '--option',
                'frames=2',
                '--option',
                'size=[64, 96]',
                '--camera',
                'left',
                '--storage',
                'sqlite3',
            ]
        )
        == 0
    )
    assert f'evaluate_bag {bag} --truth-topic /truth/left/label' in capsys.readouterr().out
    source = open_source(
        'rendered',
        root=Path(),
        split='val',
        label_map=SEVEN,
        options={'frames': 2, 'size': (64, 96)},
    )
    with BagReader(bag) as reader:
        images = list(reader.messages(['/camera/left/image_raw']))
        truths = list(reader.messages(['/truth/left/label']))
    assert len(images) == len(truths) == len(source)
    for number, (image, truth) in enumerate(zip(images, truths)):
        frame = source.load(number)
        np.testing.assert_array_equal(decode(image, 'sensor_msgs/msg/Image'), frame.image)
        parsed = parse_raw(truth.data)
        assert parsed.stamp_ns == parse_raw(image.data).stamp_ns
        np.testing.assert_array_equal(
            np.frombuffer(parsed.data, np.uint8).reshape(frame.labels.shape), frame.labels
        )


def test_the_road_of_a_rendered_camera_is_compared_on_the_ground(tmp_path: Path) -> None:
    options = ('camera=front', 'frames=2', 'size=[240, 320]')
    words = [word for option in options for word in ('--option', option)]
    assert main([str(tmp_path / 'bag'), '--data', 'rendered', *words]) == 0
    report = evaluate_bags(
        configured(
            bags=(tmp_path / 'bag',),
            output=tmp_path / 'out',
            model=str(MODEL),
            truth=TruthChoice(topics={'*': '/truth/front/label'}, label_map='seven'),
            ground=GroundChoice(poses={'front': (0.6, 0.0, 1.5, -1.6232, 0.0, -1.5708)}, hood=0.05),
        )
    )
    assert report['frames']['scored'] == 2
    assert report['ground']['within_20_m']['iou'] > 0.85


def test_the_camera_is_the_rendered_one(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    words = ['--data', 'rendered', '--option', 'frames=1', '--option', 'size=[64, 96]']
    words += ['--option', 'camera=left']
    assert main([str(tmp_path / 'wrong'), *words, '--camera', 'front']) == 2
    assert '--camera front, but the frames are of the camera left' in capsys.readouterr().err
    assert main([str(tmp_path / 'bag'), *words]) == 0
    with BagReader(tmp_path / 'bag') as reader:
        assert len(list(reader.messages(['/camera/left/image_raw']))) == 1


def test_what_cannot_be_made_says_why(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    for arguments, message in (
        (['--data', 'nothing', '--root', '.'], 'nothing'),
        (['--data', 'camvid', '--root', '/none'], '/none'),
        (['--data', 'rendered', '--label-map', 'nine'], 'nine'),
        (['--data', 'rendered', '--option', 'frames'], 'expected key=value'),
    ):
        assert main([str(tmp_path / 'bag'), *arguments]) == 2
        assert message in capsys.readouterr().err
        assert not (tmp_path / 'bag').exists()


@pytest.mark.parametrize('name', ['camvid', 'kitti_road'])
def test_a_bag_has_the_figures_of_its_frames(tmp_path: Path, name: str) -> None:
    root = data()
    options = {'frames': 3} if name == 'camvid' else {'frames': 2}
    arguments = [word for key, value in options.items() for word in ('--option', f'{key}={value}')]
    assert main([str(tmp_path / 'bag'), '--data', name, '--root', str(root), *arguments]) == 0
    source = open_source(name, root=root, split='val', label_map=SEVEN, options=options)
    report = evaluate_bags(
        configured(
            bags=(tmp_path / 'bag',),
            output=tmp_path / 'out',
            model=str(MODEL),
            precision='fp32',
            truth=TruthChoice(
                topics={'*': '/truth/front/label'}, label_map='two' if source.road_only else 'seven'
            ),
        )
    )
    assert report['frames']['scored'] == len(source) > 0
    engine = open_engine(MODEL, precision='fp32')
    matrix = ConfusionMatrix(SEVEN)
    road = np.zeros(2, np.int64)
    for index in range(len(source)):
        labelled = source.load(index)
        frame = Frame.placed(
            labelled.image,
            engine.info.geometry,
            np.empty((*engine.info.geometry.input_size, 3), np.uint8),
        )
        labels = frame.outputs(
            engine.infer(frame.network_image[None]),
            0,
            {'label'},
            label_map=SEVEN,
            options=OutputOptions(),
        )['label']
        counted = labelled.labels != IGNORE
        is_road, called = labelled.labels == 2, labels == 2
        road += ((is_road & called & counted).sum(), ((is_road | called) & counted).sum())
        if not source.road_only:
            matrix.update(labelled.labels, labels)
    engine.close()
    if not source.road_only:
        assert report['scores']['miou'] == pytest.approx(matrix.scores().miou, abs=1e-4)
        assert report['scores']['road_iou'] == pytest.approx(matrix.scores().road_iou, abs=1e-4)
    else:
        assert report['scores']['road_iou'] == pytest.approx(road[0] / road[1], abs=1e-4)
