"""Tests of training to model file, end to end, with tiny networks on made-up frames."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from roadseg_core.checkpoint import CheckpointError, load_checkpoint, load_optimizer_state
from roadseg_core.cli import main
from roadseg_core.geometry import Geometry

NETWORKS = {
    'seven': (
        'mobilenet_fcn',
        '{classes: 7, depth_multiplier: 0.1, classifier_depth: 8, '
        'classifier_kernel: 3, folded: true}',
    ),
    'two': ('unet', '{filters: 2}'),
}


def make_data(root: Path) -> None:
    """Write four CamVid frames a split: road below, sky above, noise on both."""
    rng = np.random.default_rng(0)
    for split in ('train', 'val'):
        for folder in (split, f'{split}annot'):
            (root / 'camvid' / folder).mkdir(parents=True)
        for number in range(4):
            truth = np.zeros((48, 64), np.uint8)
            truth[24 + number :] = 3
            image = np.where(truth[..., None] == 3, 60, 200) + rng.integers(0, 30, (48, 64, 3))
            cv2.imwrite(str(root / 'camvid' / split / f'{number}.png'), image.astype(np.uint8))
            cv2.imwrite(str(root / 'camvid' / f'{split}annot' / f'{number}.png'), truth)


def write_config(root: Path, label_map: str) -> Path:
    """Write a configuration of two steps."""
    network, arguments = NETWORKS[label_map]
    path = root / 'config.yaml'
    path.write_text(f"""
name: tiny
output: {root / 'runs'}
network: {{name: {network}, arguments: {arguments}}}
data:
  root: {root}
  label_map: {label_map}
  input_size: [64, 96]
  train: [{{name: camvid}}]
  validation: [{{name: camvid}}]
  workers: 0
augmentation: {{flip: 0.5, crop: 0.5, gain: 0.2}}
card: {{card: a tiny network, data: made-up frames, licence: Apache-2.0}}
epochs: 1
batch_size: 2
precision: fp32
""")
    return path


@pytest.mark.parametrize(
    ('label_map', 'geometry'),
    [
        ('seven', Geometry('stretch', (64, 96))),
        ('seven', Geometry('crop', (64, 96), 0.75)),
        ('two', Geometry('letterbox', (64, 96))),
    ],
)
def test_train_export_and_run(tmp_path: Path, label_map: str, geometry: Geometry) -> None:
    import openvino

    from roadseg_core.export.run import DeployedNetwork, check_frames
    from roadseg_core.model_file import read_model_info

    make_data(tmp_path)
    placed = [f'data.geometry={geometry.mode}', f'data.share={geometry.share}']
    assert main(['train', str(write_config(tmp_path, label_map)), *placed]) == 0
    run = tmp_path / 'runs' / 'tiny'
    record = json.loads((run / 'metrics.jsonl').read_text())
    assert record['step'] == 2 and 'camvid_val' in record['validation']
    assert load_optimizer_state(run / 'last.safetensors')

    model = tmp_path / 'tiny.onnx'
    assert main(['export', str(run / 'best.safetensors'), '--output', str(model)]) == 0
    info = read_model_info(model)
    assert info.label_map.name == label_map and info.geometry == geometry
    assert info.card == 'a tiny network' and info.licence == 'Apache-2.0'
    assert info.agreement['labels'] > 0.999

    report = tmp_path / 'report.json'
    assert (
        main(
            [
                'evaluate',
                '--model',
                str(model),
                '--data',
                'camvid:val',
                '--backend',
                'openvino',
                '--root',
                str(tmp_path),
                '--at',
                'network',
                '--json',
                str(report),
            ]
        )
        == 0
    )
    evaluated = json.loads(report.read_text())
    trained = record['validation']['camvid_val']
    scores = evaluated['scores']
    assert scores['pixels'] == trained['pixels'] and evaluated['frames'] == 4
    assert scores['pixel_accuracy'] == pytest.approx(trained['pixel_accuracy'], abs=0.01)
    assert main(['info', str(model)]) == 0

    loaded = load_checkpoint(run / 'best.safetensors')
    frames = check_frames(loaded.info.geometry, None)[0][:3]
    network = DeployedNetwork(loaded.network, label_map=loaded.info.label_map)
    expected = network(torch.from_numpy(frames))
    compiled = openvino.Core().compile_model(
        str(model), 'CPU', {'INFERENCE_PRECISION_HINT': 'f32', 'INFERENCE_NUM_THREADS': 1}
    )
    result = compiled(frames)
    assert (result['labels'] == expected[0].numpy()).mean() > 0.999
    for name, values in zip(('road_probability', 'confidence'), expected[1:]):
        assert np.abs(result[name].astype(int) - values.numpy().astype(int)).max() <= 1


def test_damaged_checkpoints_are_refused(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    path = tmp_path / 'x.safetensors'
    with pytest.raises(CheckpointError, match='x.safetensors'):
        load_checkpoint(path)
    path.write_bytes(b'damaged')
    with pytest.raises(CheckpointError, match='no readable'):
        load_checkpoint(path)
    save_file({'a': torch.zeros(1)}, path)
    with pytest.raises(CheckpointError, match='roadseg train'):
        load_checkpoint(path)


def test_mistakes_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(['train', str(tmp_path / 'nothing.yaml')]) == 1
    assert 'nothing.yaml' in capsys.readouterr().err
