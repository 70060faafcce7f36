"""Training on a data set of which a file is damaged: fatal and named, or skipped and counted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from roadseg_core.cli import main
from roadseg_core.training.run_folder import read_metrics


@pytest.fixture
def config(tmp_path: Path, write_config: Callable[..., Path]) -> Path:
    """Return a configuration of five CamVid frames to train, the second one cut short."""
    rng = np.random.default_rng(0)
    for split, frames in (('train', 5), ('val', 1)):
        for folder in (split, f'{split}annot'):
            (tmp_path / 'camvid' / folder).mkdir(parents=True)
        for number in range(frames):
            truth = np.full((48, 64), 3, np.uint8)
            truth[:20] = 0
            image = rng.integers(0, 256, (48, 64, 3), np.uint8)
            cv2.imwrite(str(tmp_path / 'camvid' / split / f'{number}.png'), image)
            cv2.imwrite(str(tmp_path / 'camvid' / f'{split}annot' / f'{number}.png'), truth)
    cut = tmp_path / 'camvid' / 'train' / '1.png'
    cut.write_bytes(cut.read_bytes()[:2000])
    return write_config('two', frames=1, batch_size=2)


def arguments(config: Path) -> list[str]:
    """Return the command line that trains on it for an epoch."""
    return [
        'train',
        str(config),
        'epochs=1',
        f'data.root={config.parent}',
        'data.train=[{name: camvid}]',
        'data.validation=[{name: camvid}]',
    ]


@pytest.mark.parametrize('in_memory', [True, False])
def test_a_damaged_file_is_fatal_and_named(
    config: Path, in_memory: bool, capsys: pytest.CaptureFixture
) -> None:
    assert main([*arguments(config), f'data.in_memory={in_memory}']) == 1
    assert str(Path('camvid', 'train', '1.png')) in capsys.readouterr().err


def test_a_damaged_file_is_skipped_by_choice_and_counted(
    config: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture
) -> None:
    assert main([*arguments(config), 'data.train.0.options.on_error=skip']) == 0
    assert 'camvid_train (4 frames)' in capsys.readouterr().out
    assert 'skipped 1 frames' in caplog.text and '1.png' in caplog.text
    (row,) = read_metrics(config.parent / 'runs' / 'tiny')
    assert row['step'] == 2
