"""A folder of one's own images and truth."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from roadseg_core.data.dataset import open_source
from roadseg_core.data.label_sets import find_label_map
from roadseg_core.data.source import DataError
from roadseg_core.labels import IGNORE, SEVEN, TWO, LabelMapError


def open_streets(layouts, options: dict, *, split: str = 'train', label_map=TWO):
    return open_source(
        'folder', root=layouts.root, split=split, label_map=label_map, options=options
    )


@pytest.mark.parametrize('coded', ['ids', 'colours'])
def test_ids_and_colours_become_what_the_map_says(layouts, coded):
    options = layouts.streets(coded=coded)
    train, val = (open_streets(layouts, options, split=split) for split in ('train', 'val'))
    assert (len(train), len(val), val.load(0).name) == (4, 1, 'town/2')
    assert train.load(0).labels[0].tolist() == [1, 0, IGNORE, IGNORE]
    own = find_label_map(options['label_set'])
    assert open_streets(layouts, options, label_map=own).load(0).labels[0, :2].tolist() == [0, 1]


def test_folders_by_split_and_suffixes(layouts):
    options = layouts.streets()
    for split, number in (('train', 0), ('val', 1), ('test', 2)):
        for kind, suffix in (('images', '_rgb'), ('labels', '_gt')):
            path = layouts.root / 'drive' / split / kind / f'{number}{suffix}.png'
            path.parent.mkdir(parents=True)
            (layouts.root / 'streets' / kind / 'town' / f'{number}.png').rename(path)
    options |= {
        'folder': 'drive',
        'images': '{split}/images',
        'labels': '{split}/labels',
        'image_suffix': '_rgb',
        'label_suffix': '_gt',
    }
    for number, split in enumerate(('train', 'val', 'test')):
        source = open_streets(layouts, options, split=split)
        assert (source.name, [source.load(0).name]) == (f'drive_{split}', [str(number)])


def test_ids_may_begin_at_one(layouts):
    options = {**layouts.streets(), 'first_id': 1}
    for path in (layouts.root / 'streets' / 'labels').rglob('*.png'):
        cv2.imwrite(str(path), np.array([[0, 1, 2, 3]] * 2, np.uint8))
    assert open_streets(layouts, options).load(0).labels[0].tolist() == [IGNORE, 1, 0, IGNORE]


def test_what_is_missing_is_said(layouts):
    options = layouts.streets()
    with pytest.raises(DataError, match='label_set is not set; expected .*my_streets.yaml'):
        open_streets(layouts, {'folder': options['folder']})
    with pytest.raises(DataError, match='masks.*no such folder; set the options images and'):
        open_streets(layouts, {**options, 'labels': 'masks'})
    with pytest.raises(LabelMapError, match="no way to 'seven'.*write reductions.seven there"):
        open_streets(layouts, options, label_map=SEVEN)
    (layouts.root / 'streets' / 'labels' / 'town' / '0.png').unlink()
    with pytest.raises(DataError, match=r'town/0.png: no truth for this image.*on_error'):
        open_streets(layouts, options)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (('road: [lane]', 'road: [street]'), "reductions.two.road: no class 'street'"),
        (('ignore: [unknown]', 'ignore: [lane]'), "'lane' is in 'road' already"),
        (('not road: rest', 'not road: []'), "['grass'] become nothing"),
        (('road: [lane], ', 'tarmac: [lane], '), "'two' has no such class"),
        (('road_ids: [0]', 'road_ids: [3]'), 'road id'),
        (('[3, 3, 3]]', '[3, 3, 300]]'), 'the colour (3, 3, 300)'),
        ((', [3, 3, 3]]', ']'), 'colours'),
    ],
)
def test_label_maps_are_checked_on_load(layouts, change, message):
    options = layouts.streets()
    path = layouts.root / 'streets.yaml'
    text = path.read_text(encoding='utf-8')
    assert change[0] in text
    path.write_text(text.replace(*change), encoding='utf-8')
    with pytest.raises(LabelMapError) as caught:
        open_streets(layouts, options)
    assert message in str(caught.value) and 'streets.yaml' in str(caught.value)
