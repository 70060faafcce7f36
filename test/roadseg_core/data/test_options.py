"""Options of data sets, as a command line states them."""

from __future__ import annotations

import pytest

from roadseg_core.data.cityscapes import CityscapesOptions
from roadseg_core.data.options import parse_options, read_options
from roadseg_core.data.source import DataError
from roadseg_core.data.virtual_kitti import VirtualKittiOptions


def test_values_are_yaml_but_for_pieces_of_paths():
    assert read_options(
        [
            'frames=20',
            'cache=true',
            'scenes=[1, 2]',
            'images={split}',
            'labels={split}annot',
            'scale=1/3',
            'folder=a=b',
            'subset=900_100_59',
        ]
    ) == {
        'frames': 20,
        'cache': True,
        'scenes': [1, 2],
        'images': '{split}',
        'labels': '{split}annot',
        'scale': '1/3',
        'folder': 'a=b',
        'subset': '900_100_59',
    }
    for argument in ('frames', '=3'):
        with pytest.raises(DataError, match='expected key=value'):
            read_options([argument])


@pytest.mark.parametrize(
    ('kind', 'options', 'message'),
    [
        (
            CityscapesOptions,
            {'colour': 'red'},
            'colour: no such option. The options are cache, crop',
        ),
        (CityscapesOptions, {'crop': 'middle'}, "crop: .*found 'middle'"),
        (CityscapesOptions, {'subset': '900'}, 'subset: .*900_100_59'),
        (CityscapesOptions, {'size': [4, 4], 'scale': 0.5}, 'size and scale are both set'),
        (CityscapesOptions, {'scale': '1/0'}, 'scale: .*division by zero'),
        (CityscapesOptions, {'frames': 0}, 'frames: .*greater than or equal to 1'),
        (VirtualKittiOptions, {'scenes': [3]}, r'scenes: .*1, 2, 6, 18 or 20'),
        (VirtualKittiOptions, {'variations': []}, 'variations: .*at least 1'),
    ],
)
def test_mistakes_name_the_set_and_the_key(kind, options, message):
    with pytest.raises(DataError, match=f'options of the_set: .*{message}'):
        parse_options(kind, options, 'the_set')
