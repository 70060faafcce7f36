"""CamVid in both layouts."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from roadseg_core.data.dataset import open_source
from roadseg_core.data.source import DataError
from roadseg_core.labels import EIGHT, IGNORE, SEVEN, TWO


@pytest.mark.parametrize('suffix', ['.png', '.jpg'])
def test_segnet_layout_reduces_to_the_maps(layouts, suffix):
    layouts.camvid(suffix=suffix)
    expected = {
        'seven': [0, 1, 1, 2, 3, 1, 1, 1, 4, 5, 5, IGNORE],
        'two': [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, IGNORE],
        'eight': [5, 2, 3, 1, 1, 4, 3, 2, 7, 6, IGNORE, IGNORE],
    }
    for label_map in (SEVEN, TWO, EIGHT):
        source = open_source('camvid', root=layouts.root, split='val', label_map=label_map)
        frame = source.load(1)
        assert (source.name, len(source), source.road_only) == ('camvid_val', 2, False)
        assert frame.name == '0016E5_00001' and frame.image.shape == (8, 12, 3)
        assert frame.labels[0].tolist() == expected[label_map.name]


def test_void_is_a_class_where_that_is_wanted(layouts):
    layouts.camvid()
    source = open_source('camvid', root=layouts.root, split='val', label_map=SEVEN, void='class')
    assert source.load(0).labels[0, 11] == 6


@pytest.mark.parametrize('table', [False, True])
def test_original_layout_is_split_as_segnet_did(layouts, table):
    folder = layouts.camvid_original()
    if table:
        (folder / 'label_colors.txt').write_text(
            '128 128 128\tSky\n128 0 192\tLaneMkgsDriv\n192 0 64\tLaneMkgsNonDriv\n0 0 0\t\tVoid\n',
            encoding='utf-8',
        )
    names = {
        split: [source.load(i).name for i in range(len(source))]
        for split, source in (
            (split, open_source('camvid', root=layouts.root, split=split, label_map=SEVEN))
            for split in ('train', 'val', 'test')
        )
    }
    assert names == {
        'train': ['0001TP_006690', '0006R0_f00930'],
        'val': ['0016E5_07959'],
        'test': ['0001TP_008550', 'Seq05VD_f00000'],
    }
    frame = open_source('camvid', root=layouts.root, split='val', label_map=SEVEN).load(0)
    assert frame.labels[0].tolist() == [0, 2, 2, IGNORE]


def test_colour_table_of_the_set_is_checked(layouts):
    folder = layouts.camvid_original()
    for line, message in (('1 2 Sky', 'expected "r g b name"'), ('1 2 3 Moon', 'Moon')):
        (folder / 'label_colors.txt').write_text(f'0 0 0 Void\n{line}\n', encoding='utf-8')
        with pytest.raises(DataError, match=rf'label_colors.txt:2: .*{message}'):
            open_source('camvid', root=layouts.root, split='val', label_map=SEVEN)


def test_ids_outside_the_map_fail_or_are_ignored(layouts, tmp_path):
    folder = layouts.camvid()
    truth = np.full((8, 12), 3, np.uint8)
    truth[0, :2] = 12
    cv2.imwrite(str(folder / 'valannot' / '0016E5_00000.png'), truth)
    with pytest.raises(DataError, match=r'0016E5_00000.png: id 12 \(2 pixels\)'):
        open_source('camvid', root=tmp_path, split='val', label_map=SEVEN).load(0)
    labels = (
        open_source('camvid', root=tmp_path, split='val', label_map=SEVEN, unknown='ignore')
        .load(0)
        .labels
    )
    assert labels[0].tolist() == [IGNORE] * 2 + [2] * 10


def test_splits_are_named(layouts):
    layouts.camvid()
    with pytest.raises(DataError, match="split 'valid'; expected train or val or test"):
        open_source('camvid', root=layouts.root, split='valid', label_map=SEVEN)
    with pytest.raises(DataError, match='test: no such folder'):
        open_source('camvid', root=layouts.root, split='test', label_map=SEVEN)
