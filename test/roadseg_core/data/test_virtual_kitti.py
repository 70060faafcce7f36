"""Virtual KITTI in both versions."""

from __future__ import annotations

import pytest

from roadseg_core.data.dataset import open_source
from roadseg_core.data.source import DataError
from roadseg_core.labels import SEVEN


def names(source) -> list[str]:
    return [source.load(i).name for i in range(len(source))]


def open_all(layouts, split: str, **options):
    return open_source(
        'virtual_kitti',
        root=layouts.root,
        split=split,
        label_map=SEVEN,
        **{'scenes': [1, 2], **options},
    )


@pytest.mark.parametrize('version', [1, 2])
def test_instances_are_their_class_at_a_third_of_the_size(layouts, version):
    layouts.virtual_kitti_1() if version == 1 else layouts.virtual_kitti_2()
    frame = open_all(layouts, 'train').load(0)
    # 12x9 pixels of road, car, car or van, sky.
    assert frame.image.shape == (3, 4, 3)
    assert frame.labels.tolist() == [[2, 4, 4, 0]] * 3
    assert open_all(layouts, 'train', scale=1).load(0).labels.shape == (9, 12)


@pytest.mark.parametrize('version', [1, 2])
def test_scenes_validate_or_the_ends_of_sequences(layouts, version):
    layouts.virtual_kitti_1() if version == 1 else layouts.virtual_kitti_2()
    scene = '{:04d}_clone' if version == 1 else 'Scene{:02d}_clone_0'
    assert {name.rpartition('_')[0] for name in names(open_all(layouts, 'train'))} == {
        scene.format(2)
    }
    assert len(open_all(layouts, 'val')) == 5
    ends = names(open_all(layouts, 'val', val_scenes=[]))
    assert ends == [f'{scene.format(1)}_00004', f'{scene.format(2)}_00004']
    assert len(open_all(layouts, 'train', val_scenes=[])) == 8


def test_scenes_variations_and_cameras_are_chosen(layouts):
    layouts.virtual_kitti_2()
    chosen = names(
        open_all(layouts, 'train', scenes=[2], variations=['clone', 'fog'], cameras=[0, 1])
    )
    assert len(chosen) == 20 and chosen[5].startswith('Scene02_clone_1')
    with pytest.raises(DataError, match='Scene06.*no such folder; choose scenes'):
        open_all(layouts, 'train', scenes=[6])
    with pytest.raises(DataError, match='variations.*midnight'):
        open_all(layouts, 'train', variations=['midnight'])


def test_palette_serves_where_there_is_no_table(layouts):
    layouts.virtual_kitti_2(table=False)
    assert open_all(layouts, 'train').load(0).labels[0].tolist() == [2, 4, 4, 0]


def test_colour_tables_are_checked(layouts):
    folder = layouts.virtual_kitti_1()
    path = folder / 'vkitti_1.3.1_scenegt' / '0002_clone_scenegt_rgb_encoding.txt'
    for text, message in (
        ('Category(:id) r g b\nRoad 100 60', ':2: .*expected "name r g b"'),
        ('Moon:0 1 2 3', ":1: class 'Moon'"),
        ('Road 1 2 3\nSky 1 2 3', ':2: the colour .* is Road already'),
        ('', 'no colours'),
    ):
        path.write_text(text, encoding='utf-8')
        with pytest.raises(DataError, match=message):
            open_all(layouts, 'train')


def test_an_unknown_colour_is_named(layouts):
    folder = layouts.virtual_kitti_1()
    path = folder / 'vkitti_1.3.1_scenegt' / '0002_clone_scenegt_rgb_encoding.txt'
    path.write_text('Road 100 60 100\nSky 90 200 255\n', encoding='utf-8')
    with pytest.raises(DataError, match=r'colour 200,2,200 \(27 pixels\)'):
        open_all(layouts, 'train').load(0)
