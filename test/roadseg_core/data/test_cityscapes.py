"""Cityscapes: ids, crops and the subsets."""

from __future__ import annotations

from collections import Counter

import cv2
import numpy as np
import pytest

from roadseg_core.data.cityscapes import draw_subset
from roadseg_core.data.dataset import open_source
from roadseg_core.data.source import DataError
from roadseg_core.labels import EIGHT, IGNORE, SEVEN, TWO

CITIES = ('aachen', 'bochum', 'bremen', 'jena', 'ulm')


def frame_names(counts: dict[str, int]) -> list[str]:
    return [
        f'{city}_{number:06d}_000019' for city, count in counts.items() for number in range(count)
    ]


@pytest.mark.parametrize(
    ('label_map', 'expected'),
    [
        (
            SEVEN,
            {
                7: 2,
                8: 3,
                9: 2,
                11: 1,
                21: 1,
                22: 1,
                23: 0,
                24: 5,
                25: 5,
                26: 4,
                33: 5,
                0: IGNORE,
                3: IGNORE,
            },
        ),
        (EIGHT, {7: 1, 8: 1, 11: 2, 17: 3, 21: 4, 23: 5, 24: 6, 26: 7, 0: IGNORE, 4: IGNORE}),
        (TWO, {7: 1, 8: 0, 11: 0, 26: 0, 0: IGNORE}),
    ],
)
def test_34_ids_become_8_7_or_2(layouts, label_map, expected):
    layouts.cityscapes({'train': {'ulm': 1}})
    source = open_source('cityscapes', root=layouts.root, split='train', label_map=label_map)
    frame = source.load(0)
    assert frame.name == 'ulm_000000_000019'
    assert {i: int(frame.labels[0, i]) for i in expected} == expected


def test_central_crop_and_square(layouts):
    folder = layouts.cityscapes({'val': {'munster': 1}}, size=(1024, 2048))
    truth = np.full((1024, 2048), 7, np.uint8)
    # What central leaves out: 128 rows above and below, 448 columns to each side.
    truth[:128], truth[-128:], truth[:, :448], truth[:, -448:] = 23, 23, 23, 23
    (path,) = folder.glob('gtFine/val/munster/*')
    cv2.imwrite(str(path), truth)

    def load(**options):
        return open_source(
            'cityscapes', root=layouts.root, split='val', label_map=SEVEN, **options
        ).load(0)

    central = load(crop='central')
    assert central.image.shape == (320, 480, 3)
    assert set(np.unique(central.labels)) == {2}
    assert load(crop='central', size=[64, 96]).labels.shape == (64, 96)
    assert load(crop='square').labels.shape == (1024, 1024)
    assert load(crop=[512, 512], scale='1/2').labels.shape == (256, 256)


@pytest.mark.parametrize('subset', ['900_100_59', '900_100_10'])
def test_subsets_are_even_over_cities_and_the_same_everywhere(subset):
    train = frame_names(dict(zip(CITIES, (174, 96, 316, 119, 400))))
    drawn = draw_subset(train, subset, 'train', seed=0)
    assert len(drawn) == len(set(drawn)) == 900 and drawn == sorted(drawn)
    counts = Counter(name.split('_')[0] for name in drawn)
    # The small cities give all, the others equally many.
    assert counts == {'aachen': 174, 'bochum': 96, 'jena': 119, 'bremen': 256, 'ulm': 255}
    assert drawn == draw_subset(train, subset, 'train', seed=0)
    assert drawn != draw_subset(train, subset, 'train', seed=1)


def test_subsets_take_validation_and_test_from_other_cities():
    held_out = frame_names({'frankfurt': 267, 'lindau': 59, 'munster': 174})
    val, test = (draw_subset(held_out, '900_100_59', split, seed=0) for split in ('val', 'test'))
    assert len(val) == 100 and {name.split('_')[0] for name in val} == {'munster'}
    assert len(test) == 59 and {name.split('_')[0] for name in test} == {'lindau'}
    val, test = (draw_subset(held_out, '900_100_10', split, seed=0) for split in ('val', 'test'))
    assert len(val) == 100 and len(test) == 10 and not set(val) & set(test)
    assert Counter(name.split('_')[0] for name in val) == {
        'frankfurt': 34,
        'lindau': 33,
        'munster': 33,
    }
    assert sorted(Counter(name.split('_')[0] for name in test).values()) == [3, 3, 4]


def test_an_incomplete_set_has_no_subset(layouts):
    layouts.cityscapes({'train': {'ulm': 3}, 'val': {'lindau': 2}})
    with pytest.raises(DataError, match=r"3 train frames in \['ulm'\]; expected 900"):
        open_source(
            'cityscapes', root=layouts.root, split='train', label_map=SEVEN, subset='900_100_59'
        )
    with pytest.raises(DataError, match='0 val frames in no city; expected 100'):
        open_source(
            'cityscapes', root=layouts.root, split='val', label_map=SEVEN, subset='900_100_59'
        )
