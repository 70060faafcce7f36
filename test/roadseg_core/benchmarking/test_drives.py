"""The benchmark measures what it says; its figures depend on the machine and are not tested."""

from __future__ import annotations

import json
from pathlib import Path

from roadseg_core.bags.images import decode
from roadseg_core.bags.reader import BagReader
from roadseg_core.benchmarking.drives import moving_pictures, write_bag
from roadseg_ros.benchmark_evaluate_bag import main


def test_bags_hold_the_moving_pictures(tmp_path: Path) -> None:
    pictures = list(moving_pictures(3, height=48, width=64))
    for compressed, tolerance in ((False, 0), (True, 10)):
        path = write_bag(tmp_path / str(compressed), 3, height=48, width=64, compressed=compressed)
        with BagReader(path) as bag:
            kind = next(iter(bag.topics.values())).type
            images = [decode(message, kind) for message in bag.messages()]
        assert len(images) == 3
        for image, picture in zip(images, pictures):
            assert abs(image.astype(int) - picture).mean() <= tolerance


def test_the_report_says_how_much_was_measured(exact_model: str, tmp_path: Path) -> None:
    output = tmp_path / 'report.json'
    code = main(
        [
            '--model',
            exact_model,
            '--frames',
            '8',
            '--rounds',
            '1',
            '--long',
            '12',
            '--short',
            '4',
            '--output',
            str(output),
        ]
    )
    found = json.loads(output.read_text(encoding='utf-8'))
    speed, memory = found['speed'], found['memory']
    assert code == (0 if speed['passed'] and memory['passed'] else 1)
    assert (speed['frames'], speed['batch'], memory['frames']) == (8, 4, [4, 12])
    assert speed['percent_of_engine'] > 0 and len(speed['engine_frames_per_second']) == 1
    assert speed['percent_of_engine_without_flow'] > 0
    assert set(speed['stages_ms']) == {'decoding', 'engine', 'analysis'}
    assert min(speed['stages_ms'].values()) > 0
    assert 50 < memory['peak_mib'][0] and memory['passed']


def test_a_missing_model_is_said(tmp_path: Path, capsys) -> None:
    assert main(['--model', str(tmp_path / 'none.onnx')]) == 2
    assert 'none.onnx' in capsys.readouterr().err
