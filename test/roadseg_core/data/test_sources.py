"""Tests of the data sets, on small copies of their true layouts made here."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from roadseg_core.data.camvid import CamVid
from roadseg_core.data.dataset import open_source
from roadseg_core.data.kitti_road import KittiRoad
from roadseg_core.data.source import NOT_ROAD, DataError, data_root
from roadseg_core.labels import IGNORE, SEVEN, TWO


def make_camvid(root: Path, *, suffix: str = '.png') -> None:
    """Write two frames a split whose truth shows every id in a column of its own."""
    for split in ('train', 'val'):
        for folder in (split, f'{split}annot'):
            (root / 'camvid' / folder).mkdir(parents=True)
        for number in range(2):
            truth = np.repeat(np.arange(12, dtype=np.uint8)[None], 8, 0)
            name = f'0016E5_{number:05d}'
            cv2.imwrite(str(root / 'camvid' / split / f'{name}{suffix}'),
                        np.full((8, 12, 3), 100 + number, np.uint8))
            cv2.imwrite(str(root / 'camvid' / f'{split}annot' / f'{name}.png'), truth)


def make_kitti_road(root: Path, *, frames: int = 5) -> None:
    """Write frames a category with magenta, red, black and stray blue truth."""
    training = root / 'kitti_road' / 'training'
    for folder in ('image_2', 'gt_image_2'):
        (training / folder).mkdir(parents=True)
    truth = np.array([[(255, 0, 255), (0, 0, 255), (0, 0, 0), (255, 0, 0)]], np.uint8)
    for category in ('um', 'umm', 'uu'):
        for number in range(frames):
            cv2.imwrite(str(training / 'image_2' / f'{category}_{number:06d}.png'),
                        np.full((6, 4, 3), number, np.uint8))
            cv2.imwrite(str(training / 'gt_image_2' / f'{category}_road_{number:06d}.png'),
                        np.repeat(truth, 6, 0))
            cv2.imwrite(str(training / 'gt_image_2' / f'{category}_lane_{number:06d}.png'),
                        np.zeros((6, 4, 3), np.uint8))


@pytest.mark.parametrize('suffix', ['.png', '.jpg'])
def test_camvid_reduces_to_both_maps(tmp_path: Path, suffix: str) -> None:
    make_camvid(tmp_path, suffix=suffix)
    frame = CamVid(tmp_path, split='val', label_map=SEVEN).load(1)
    assert frame.name == '0016E5_00001' and frame.image.shape == (8, 12, 3)
    assert frame.labels[0].tolist() == [0, 1, 1, 2, 3, 1, 1, 1, 4, 5, 5, IGNORE]
    frame = CamVid(tmp_path, split='val', label_map=TWO).load(0)
    assert frame.labels[0].tolist() == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, IGNORE]


def test_kitti_road_follows_the_rule_of_the_kit(tmp_path: Path) -> None:
    make_kitti_road(tmp_path)
    frame = KittiRoad(tmp_path, split='train', label_map=SEVEN).load(0)
    assert frame.labels[0].tolist() == [2, NOT_ROAD, IGNORE, IGNORE]
    assert KittiRoad(tmp_path, split='train', label_map=TWO).load(0).labels[0, 0] == 1


def test_kitti_road_holds_out_every_fifth_of_each_category(tmp_path: Path) -> None:
    make_kitti_road(tmp_path, frames=10)
    train = KittiRoad(tmp_path, split='train', label_map=SEVEN)
    held_out = KittiRoad(tmp_path, split='val', label_map=SEVEN)
    names = [held_out.load(i).name for i in range(len(held_out))]
    assert names == [f'{category}_{number:06d}' for category in ('um', 'umm', 'uu')
                     for number in (2, 7)]
    assert not set(names) & {train.load(i).name for i in range(len(train))}
    assert len(train) == 24


def test_missing_and_broken_data_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match='no such folder'):
        CamVid(tmp_path, split='train', label_map=SEVEN)
    make_camvid(tmp_path)
    (tmp_path / 'camvid' / 'trainannot' / '0016E5_00000.png').write_bytes(b'damaged')
    with pytest.raises(DataError, match='0016E5_00000.png'):
        CamVid(tmp_path, split='train', label_map=SEVEN).load(0)
    with pytest.raises(DataError, match='split'):
        CamVid(tmp_path, split='test', label_map=SEVEN)
    with pytest.raises(DataError, match='cityscapes'):
        open_source('cityscapes', root=tmp_path, split='train', label_map=SEVEN)
    monkeypatch.delenv('ROADSEG_DATA', raising=False)
    with pytest.raises(DataError, match='ROADSEG_DATA'):
        data_root(None)
