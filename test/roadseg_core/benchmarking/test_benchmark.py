"""The benchmark of engines: what it is asked, how it counts, and a run of all of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from checkpoint_files import write_checkpoint

from roadseg_core.benchmarking.measuring import measure, summarize
from roadseg_core.benchmarking.specification import (
    BenchmarkError,
    BenchmarkSettings,
    Contender,
    parse_contender,
)
from roadseg_core.cli import main
from roadseg_core.export.run import export_checkpoint
from roadseg_core.geometry import Geometry
from roadseg_core.sources.picture_batches import PicturesError, batch_of, load_pictures

SIZE = (32, 48)


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Hold a small checkpoint, its model file and some pictures."""
    folder = tmp_path_factory.mktemp('benchmark')
    torch.manual_seed(4)
    arguments = {'filters': 2, 'depth': 2}
    write_checkpoint(folder / 'unet.safetensors', 'unet', arguments, Geometry('stretch', SIZE))
    (folder / 'pictures').mkdir()
    rng = np.random.default_rng(2)
    for i in range(3):
        cv2.imwrite(str(folder / f'pictures/{i}.png'), rng.integers(0, 256, (40, 60, 3), np.uint8))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    export_checkpoint(folder / 'unet.safetensors', folder / 'unet.onnx')
    yield folder
    torch.set_num_threads(threads)


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('onnxruntime', Contender('onnxruntime', 'onnxruntime', plain=True)),
        ('openvino:bf16', Contender('openvino:bf16', 'openvino', precision='bf16')),
        (
            'torch@cuda:0:fp16',
            Contender('torch@cuda:0:fp16', 'torch', device='cuda:0', precision='fp16'),
        ),
        (
            'a/b.onnx=openvino+confidence',
            Contender(
                'a/b.onnx=openvino+confidence',
                'openvino',
                model=Path('a/b.onnx'),
                outputs=('labels', 'confidence'),
            ),
        ),
    ],
)
def test_contenders_are_read(text: str, expected: Contender) -> None:
    assert parse_contender(text) == expected


@pytest.mark.parametrize('text', ['openvino:int3', 'Torch', '', 'onnxruntime:fp32', 'a.onnx='])
def test_other_contenders_are_refused(text: str) -> None:
    with pytest.raises(BenchmarkError, match='contender'):
        parse_contender(text)


@pytest.mark.parametrize(
    'changed',
    [
        {'batches': ()},
        {'batches': (0,)},
        {'rounds': 0},
        {'seconds': 0.0},
        {'contenders': ()},
        {'contenders': (parse_contender('torch'), parse_contender('torch'))},
    ],
)
def test_senseless_settings_are_refused(changed: dict) -> None:
    values = {'model': Path('m.onnx'), 'contenders': (parse_contender('torch'),)}
    with pytest.raises(BenchmarkError, match='expected'):
        BenchmarkSettings(**{**values, **changed})


def test_contenders_are_timed_in_turn() -> None:
    seconds, order = [0.0], []

    def call(name: str, lasts: float) -> None:
        order.append(name)
        seconds[0] += lasts

    timings = measure(
        {'slow': lambda: call('slow', 0.5), 'fast': lambda: call('fast', 0.125)},
        frames=4,
        rounds=2,
        seconds=0.5,
        wall_clock=lambda: seconds[0],
        cpu_clock=lambda: 2 * seconds[0],
    )
    assert timings['slow'].frames_per_second == 8.0
    assert timings['fast'].frames_per_second == 32.0
    assert timings['slow'].cpu_seconds_per_frame == 0.25
    assert (timings['slow'].calls, timings['fast'].calls) == (2, 8)
    turns = [name for i, name in enumerate(order) if i == 0 or name != order[i - 1]]
    assert turns == ['slow', 'fast'] * 3


def test_the_summary_has_median_and_tail() -> None:
    timing = summarize([0.1] * 98 + [0.5, 0.9], cpu=20.0, frames=2)
    assert timing.median_ms == pytest.approx(100.0)
    assert 500.0 <= timing.p99_ms < 520.0
    assert timing.least_ms == pytest.approx(100.0)
    assert timing.cpu_seconds_per_frame == pytest.approx(0.1)


def test_frames_come_from_pictures_or_noise(folder: Path, tmp_path: Path) -> None:
    geometry = Geometry('stretch', SIZE)
    pictures = load_pictures(geometry, folder / 'pictures', 8)
    assert pictures.shape == (3, *SIZE, 3)
    assert batch_of(pictures, 4).shape == (4, *SIZE, 3)
    assert load_pictures(geometry, None, 5).shape == (5, *SIZE, 3)
    with pytest.raises(PicturesError, match='no readable picture'):
        load_pictures(geometry, tmp_path, 2)
    with pytest.raises(PicturesError, match='no such folder'):
        load_pictures(geometry, tmp_path / 'none', 2)


def test_a_run_compares_engines(folder: Path, capsys: pytest.CaptureFixture) -> None:
    output = folder / 'docs' / 'figures.json'
    assert (
        main(
            [
                'benchmark',
                'engine',
                str(folder / 'unet.onnx'),
                '--checkpoint',
                str(folder / 'unet.safetensors'),
                '--precision',
                'fp32',
                '--batch',
                '1,2',
                '--compare',
                'onnxruntime,torch,torch@cpu,openvino+road_probability',
                '--frames',
                str(folder / 'pictures'),
                '--rounds',
                '1',
                '--seconds',
                '0.01',
                '--threads',
                '1',
                '--output',
                str(output),
            ]
        )
        == 0
    )
    printed = capsys.readouterr().out
    report = json.loads(output.read_text(encoding='utf-8'))
    assert '--compare onnxruntime,torch,torch@cpu,openvino+road_probability' in report['command']
    assert report['machine']['cores'] >= 1
    assert {'openvino', 'onnxruntime', 'torch', 'numpy'} <= set(report['versions'])
    assert [batch['batch'] for batch in report['batches']] == [1, 2]
    for batch in report['batches']:
        rows = {row['contender']: row for row in batch['contenders']}
        assert list(rows) == [
            'auto:fp32',
            'onnxruntime',
            'torch',
            'torch@cpu',
            'openvino+road_probability',
        ]
        assert rows['onnxruntime']['ratio'] == rows['onnxruntime']['ratio_of_least'] == 1.0
        assert rows['openvino+road_probability']['outputs'] == ['labels', 'road_probability']
        for row in rows.values():
            assert row['frames_per_second'] > 0
            assert row['p99_ms'] >= row['median_ms'] >= row['least_ms']
            assert row['labels_equal'] >= (0.99 if row['precision'] == 'fp32' else 0.5)
            assert f'| {row["contender"]}' in printed


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['--batch', '9'], 'at most 4'),
        (['--batch', 'x'], 'expected numbers'),
        (['--compare', 'torch@cpu'], '--checkpoint'),
        (['--device', 'NOSUCH'], 'NOSUCH'),
        (['--compare', 'tflite'], 'tflite'),
    ],
)
def test_what_cannot_be_measured_is_said(
    folder: Path,
    capsys: pytest.CaptureFixture,
    arguments: list[str],
    message: str,
) -> None:
    assert main(['benchmark', 'engine', str(folder / 'unet.onnx'), *arguments]) == 1
    assert message in capsys.readouterr().err
