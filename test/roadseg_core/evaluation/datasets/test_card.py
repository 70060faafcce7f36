"""``roadseg card``: a model's card from its evaluations, with the words that people wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from roadseg_core.cli import main

pytest.importorskip('h5py', reason='roadseg evaluate needs the packages for training')

MODELS = Path(__file__).resolve().parents[4] / 'models'


@pytest.fixture
def report(streets) -> Path:
    path = streets / 'kitti.json'
    arguments = ['--data', 'kitti_road', '--root', str(streets), '--precision', 'fp32']
    model = ['--model', str(MODELS / 'unet_8.onnx'), '--corruptions', '--json', str(path)]
    assert main(['evaluate', *arguments, *model]) == 0
    return path


def test_a_card_states_what_was_measured_and_keeps_words_of_ones_own(report, streets, capsys):
    card = streets / 'card.md'
    card.write_text('# old\n\n## Accuracy\nold figures\n\n## Limits\nDaylight only.\n')
    arguments = ['card', str(MODELS / 'unet_8.onnx'), str(report), '--training', 'unet_8']
    assert main([*arguments, '--output', str(card)]) == 1
    assert '--overwrite' in capsys.readouterr().err
    pictures = ['--pictures', str(streets / 'images' / 'worst.jpg'), '--overwrite']
    assert main([*arguments, '--output', str(card), *pictures]) == 0
    text, found = card.read_text(), json.loads(report.read_text())
    assert text.startswith('# unet_8.onnx\n') and 'old figures' not in text
    assert '## Limits\nDaylight only.' in text and '(images/worst.jpg)' in text
    line = next(line for line in text.splitlines() if line.startswith('| kitti_road_val'))
    cells = [cell.strip() for cell in line.strip('|').split('|')]
    assert cells[:3] == ['kitti_road_val', '2', 'fp32']
    assert cells[3] == f'{100 * found["scores"]["miou"]:.1f}'
    # Truth of road or not has no people.
    assert 'people' not in text and "MaxF, bird's eye" in text
    assert sum(line.startswith('| kitti_road_val') for line in text.splitlines()) == 1 + 1 + 7
    assert 'roadseg train unet_8\n' in text and '--precision fp32 --corruptions' in text
    assert 'non-commercial' in text


def test_evaluations_of_another_file_are_refused(report, capsys, tmp_path):
    values = json.loads(report.read_text())
    report.write_text(json.dumps(values | {'sha256': '0' * 64}))
    arguments = [str(MODELS / 'unet_8.onnx'), str(report), '--training', 'unet_8']
    assert main(['card', *arguments, '--output', str(tmp_path / 'card.md')]) == 1
    assert 'evaluate it again' in capsys.readouterr().err
    assert not (tmp_path / 'card.md').exists()
