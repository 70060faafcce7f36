"""KITTI Road and KITTI Semantic."""

from __future__ import annotations

import pytest

from roadseg_core.data.dataset import open_source
from roadseg_core.data.label_sets import find_label_map
from roadseg_core.data.source import DataError
from roadseg_core.labels import EIGHT, IGNORE, NOT_ROAD, SEVEN, TWO


def names(source):
    return [source.load(i).name for i in range(len(source))]


@pytest.mark.parametrize('suffix', ['.png', '.jpg'])
def test_road_follows_the_rule_of_the_kit(layouts, suffix):
    layouts.kitti_road(suffix=suffix)
    source = open_source('kitti_road', root=layouts.root, split='train', label_map=SEVEN)
    assert source.road_only
    assert source.load(0).labels[0].tolist() == [2, NOT_ROAD, IGNORE, IGNORE]
    source = open_source('kitti_road', root=layouts.root, split='train', label_map=TWO)
    assert source.load(0).labels[0, 0] == 1


def test_lane_is_a_truth_of_its_own(layouts):
    layouts.kitti_road()
    source = open_source(
        'kitti_road', root=layouts.root, split='val', label_map=SEVEN, options={'truth': 'lane'}
    )
    assert source.name == 'kitti_lane_val' and names(source) == ['um_000002']
    assert source.load(0).labels[0].tolist() == [IGNORE, IGNORE, NOT_ROAD, 2]


def test_every_fifth_of_each_category_validates_even_where_files_are_missing(layouts):
    folder = layouts.kitti_road(frames=10)
    expected = [f'{category}_{number:06d}' for category in ('um', 'umm', 'uu') for number in (2, 7)]
    held_out = open_source('kitti_road', root=layouts.root, split='val', label_map=SEVEN)
    train = open_source('kitti_road', root=layouts.root, split='train', label_map=SEVEN)
    assert names(held_out) == expected
    assert len(train) == 24 and not set(expected) & set(names(train))
    (folder / 'training' / 'image_2' / 'um_000000.png').unlink()
    assert (
        names(open_source('kitti_road', root=layouts.root, split='val', label_map=SEVEN))
        == expected
    )


def test_groups_that_hold_pavements_are_refused(layouts):
    layouts.kitti_road()
    with pytest.raises(DataError, match="'flat' of the label map 'eight' holds more than road"):
        open_source('kitti_road', root=layouts.root, split='train', label_map=EIGHT)


def test_semantic_of_2015_has_the_ids_of_cityscapes(layouts):
    layouts.kitti_semantic()
    source = open_source('kitti_semantic', root=layouts.root, split='train', label_map=SEVEN)
    assert len(source) == 4
    labels = source.load(0).labels[0].tolist()
    assert labels[7:11] == [2, 3, 2, IGNORE] and labels[23:27] == [0, 5, 5, 4]
    with pytest.raises(DataError, match='its splits are train and val'):
        open_source('kitti_semantic', root=layouts.root, split='test', label_map=SEVEN)


@pytest.mark.parametrize('coded', ['ids', 'colours'])
def test_older_semantic_set_is_split_by_the_program(layouts, coded):
    layouts.kitti_semantic_older(coded=coded)
    parts = [
        names(open_source('kitti_semantic', root=layouts.root, split=split, label_map=SEVEN))
        for split in ('train', 'val', 'test')
    ]
    assert [len(part) for part in parts] == [101, 21, 21]
    assert len({name for part in parts for name in part}) == 143
    other = open_source('kitti_semantic', root=layouts.root, split='val', label_map=SEVEN, seed=1)
    assert names(other) != parts[1]
    assert other.load(0).labels[0].tolist() == [0, 2, IGNORE]


def test_older_semantic_set_may_count_from_one(layouts):
    layouts.kitti_semantic_older(coded='ids', frames=9)
    source = open_source(
        'kitti_semantic', root=layouts.root, split='val', label_map=SEVEN, first_id=1
    )
    # Value 0 is no truth, 2 is the second class: building.
    assert source.load(0).labels[0].tolist() == [IGNORE, 1, IGNORE]


def test_the_label_map_of_the_older_set_is_told_apart(layouts):
    layouts.kitti_semantic()
    with pytest.raises(DataError, match='set of 2015.*older set of 143 frames'):
        open_source(
            'kitti_semantic',
            root=layouts.root,
            split='train',
            label_map=find_label_map('kitti_semantic_11'),
        )
