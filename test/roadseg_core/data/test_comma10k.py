"""comma10k in its published layout."""

from __future__ import annotations

import pytest

from roadseg_core.data.dataset import open_source
from roadseg_core.data.label_sets import find_label_map
from roadseg_core.data.source import DataError
from roadseg_core.labels import IGNORE, SEVEN, TWO, LabelMapError


def test_colours_become_road_or_not_or_the_six_classes(layouts):
    layouts.comma10k()
    for label_map, expected in (
        (TWO, [1, 1, 0, 0, IGNORE, IGNORE]),
        (find_label_map('comma10k'), [0, 1, 2, 3, 4, 5]),
    ):
        source = open_source('comma10k', root=layouts.root, split='train', label_map=label_map)
        frame = source.load(0)
        assert frame.labels[0].tolist() == expected and frame.image.shape == (4, 6, 3)
        assert not source.road_only


def test_frames_whose_names_end_in_nine_validate(layouts):
    layouts.comma10k()
    sizes = {}
    for split in ('train', 'val'):
        source = open_source('comma10k', root=layouts.root, split=split, label_map=TWO)
        names = [source.load(i).name for i in range(len(source))]
        assert all(name.endswith('9') == (split == 'val') for name in names)
        sizes[split] = len(names)
    assert sizes == {'train': 18, 'val': 2}


def test_what_it_has_not_is_named(layouts):
    folder = layouts.comma10k()
    with pytest.raises(DataError, match="'test'; expected train or val"):
        open_source('comma10k', root=layouts.root, split='test', label_map=TWO)
    with pytest.raises(LabelMapError, match="no way to 'seven'"):
        open_source('comma10k', root=layouts.root, split='val', label_map=SEVEN)
    next((folder / 'masks').glob('*_709.png')).unlink()
    with pytest.raises(DataError, match='_709.png: no truth for this image'):
        open_source('comma10k', root=layouts.root, split='val', label_map=TWO)
