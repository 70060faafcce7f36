"""The shipped label maps and what their ids become."""

from __future__ import annotations

import pytest

from roadseg_core.data.label_sets import (
    find_label_map,
    find_label_set,
    reduction_table,
)
from roadseg_core.files import config_folder
from roadseg_core.labels import EIGHT, IGNORE, LABEL_MAPS, SEVEN, TWO, LabelMapError

SHIPPED = sorted(path.stem for path in config_folder('label_maps').glob('*.yaml'))

# By id, from unlabeled (0) to bicycle (33).
CITYSCAPES = {
    'seven': [6] * 7 + [2, 3, 2, 6] + [1] * 12 + [0, 5, 5] + [4] * 6 + [5, 5],
    'two': [IGNORE] * 7 + [1, 0, 1] + [0] * 24,
    'eight': [0] * 7 + [1] * 4 + [2] * 6 + [3] * 4 + [4] * 2 + [5] + [6] * 2 + [7] * 8,
}


@pytest.mark.parametrize('name', SHIPPED)
def test_every_shipped_map_leads_to_road_or_not(name):
    label_set = find_label_set(name)
    if name == 'eight':
        with pytest.raises(LabelMapError, match="no way to 'two'"):
            reduction_table(label_set, TWO, keep_void=False)
        return
    table = reduction_table(label_set, TWO, keep_void=False)
    assert set(table[: len(label_set.label_map.names)]) <= {0, 1, IGNORE}
    assert all(table[i] == 1 for i in label_set.label_map.road_ids)
    assert (table[len(label_set.label_map.names) :] == IGNORE).all()


@pytest.mark.parametrize('target', [SEVEN, TWO, EIGHT], ids=lambda label_map: label_map.name)
def test_34_ids_of_cityscapes(target):
    table = reduction_table(find_label_set('cityscapes'), target, keep_void=True)
    assert table[:34].tolist() == CITYSCAPES[target.name]


@pytest.mark.parametrize('name', LABEL_MAPS)
def test_files_and_program_agree(name):
    assert find_label_map(name) == LABEL_MAPS[name]
    assert find_label_set(name).label_map == LABEL_MAPS[name]


def test_reductions_compose():
    # Through the eleven classes of CamVid.
    older = find_label_set('kitti_semantic_11')
    names = older.label_map.names
    table = reduction_table(older, SEVEN, keep_void=False)
    assert {name: int(table[i]) for i, name in enumerate(names)} == {
        'sky': 0,
        'building': 1,
        'road': 2,
        'sidewalk': 3,
        'fence': 1,
        'vegetation': 1,
        'pole': 1,
        'car': 4,
        'sign': 1,
        'pedestrian': 5,
        'cyclist': 5,
        'void': IGNORE,
    }


def test_an_unknown_name_says_what_there_is():
    with pytest.raises(LabelMapError, match='six: no such file; .*camvid'):
        find_label_map('six')
    with pytest.raises(LabelMapError, match='six.yaml: no such file'):
        find_label_map('six.yaml')
