"""Missing and damaged files: named, and by choice skipped or fatal."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadseg_core.cli import main
from roadseg_core.data.dataset import SOURCES, open_source
from roadseg_core.data.source import DataError, data_root
from roadseg_core.labels import SEVEN


def test_missing_data_is_named(layouts, monkeypatch):
    with pytest.raises(DataError, match=r'no data set with trainannot .*camvid.*no such folder'):
        open_source('camvid', root=layouts.root, split='train', label_map=SEVEN)
    with pytest.raises(DataError, match='Scene'):
        open_source('virtual_kitti', root=layouts.root, split='train', label_map=SEVEN)
    with pytest.raises(DataError, match="'kitti'; expected one of .*kitti_road"):
        open_source('kitti', root=layouts.root, split='train', label_map=SEVEN)
    monkeypatch.delenv('ROADSEG_DATA', raising=False)
    with pytest.raises(DataError, match='ROADSEG_DATA'):
        data_root(None)
    with pytest.raises(DataError, match='no such folder'):
        data_root(str(layouts.root / 'nowhere'))


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-20] ^= 0xFF
    path.write_bytes(data)


def empty(path: Path) -> None:
    path.write_bytes(b'')


# No changed byte in a JPEG: it has no checksums, and shows another picture.
@pytest.mark.parametrize(
    ('place', 'damage'),
    [
        (place, damage)
        for place in (
            'train/0016E5_00001.png',
            'train/0016E5_00001.jpg',
            'trainannot/0016E5_00001.png',
        )
        for damage in (truncate, flip, empty, Path.unlink)
        if not (damage is flip and place.endswith('.jpg'))
    ],
)
def test_damage_is_fatal_or_skipped(layouts, caplog, place, damage):
    folder = layouts.camvid(suffix='.jpg' if place.endswith('.jpg') else '.png', frames=3)
    path = folder / place
    damage(path)
    name = path.name if damage is not Path.unlink else '0016E5_00001'
    with pytest.raises(DataError, match=name):
        open_source('camvid', root=layouts.root, split='train', label_map=SEVEN).load(1)
    source = open_source(
        'camvid', root=layouts.root, split='train', label_map=SEVEN, on_error='skip'
    )
    assert [source.load(i).name for i in range(len(source))] == ['0016E5_00000', '0016E5_00002']
    assert f'camvid_train: skipped 1 frames: {folder}' in caplog.text and name in caplog.text


def test_images_and_truth_of_different_sizes_are_no_pair(layouts):
    folder = layouts.camvid()
    small = layouts.kitti_road() / 'training' / 'image_2' / 'um_000000.png'
    small.rename(folder / 'train' / '0016E5_00000.png')
    source = open_source('camvid', root=layouts.root, split='train', label_map=SEVEN)
    with pytest.raises(DataError, match=r'12x8 pixels; expected 4x6 pixels'):
        source.load(0)


def test_nothing_readable_is_an_error(layouts):
    folder = layouts.camvid()
    for path in folder.glob('trainannot/*'):
        path.write_bytes(b'')
    with pytest.raises(DataError, match='camvid_train: no readable frames'):
        open_source('camvid', root=layouts.root, split='train', label_map=SEVEN, on_error='skip')


def test_some_frames_are_drawn_evenly(layouts):
    layouts.camvid(frames=9)
    source = open_source('camvid', root=layouts.root, split='train', label_map=SEVEN, frames=3)
    assert [source.load(i).name[-1] for i in range(len(source))] == ['1', '4', '7']


@pytest.mark.parametrize('name', SOURCES)
def test_options_are_checked_by_name(layouts, name):
    with pytest.raises(
        DataError,
        match=rf'options of {name}: crob: no such option. The options '
        'are .*cache.*on_error',
    ):
        open_source(
            name, root=layouts.root, split='train', label_map=SEVEN, options={'crob': 'central'}
        )


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'on_error': 'stop'}, "on_error: .*'fail' or 'skip'; found 'stop'"),
        ({'size': [0, 3]}, 'size: .*greater than or equal to 1'),
        ({'scale': '1/0'}, 'scale: .*division by zero'),
        ({'scale': 'half'}, 'scale: '),
        ({'scale': 0.5, 'size': [1, 1]}, 'size and scale are both set'),
        ({'frames': 0}, 'frames: '),
    ],
)
def test_values_of_options_are_checked(layouts, options, message):
    with pytest.raises(DataError, match=f'options of camvid: {message}'):
        open_source('camvid', root=layouts.root, split='train', label_map=SEVEN, options=options)


TRAINING = """
name: damaged
output: {root}/runs
network: {{name: unet, arguments: {{filters: 2}}}}
data:
  root: {root}
  label_map: two
  input_size: [16, 16]
  train: [{{name: camvid, options: {{on_error: {on_error}, size: [16, 16]}}}}]
  validation: [{{name: camvid, frames: 1}}]
  workers: 0
epochs: 1
batch_size: 2
threads: 1
tensorboard: false
"""


def test_training_stops_at_damage_or_goes_on_without(layouts, capsys, caplog):
    folder = layouts.camvid(frames=6)
    (folder / 'train' / '0016E5_00001.png').unlink()
    truncate(folder / 'trainannot' / '0016E5_00004.png')
    path = layouts.root / 'damaged.yaml'
    path.write_text(TRAINING.format(root=layouts.root, on_error='fail'), encoding='utf-8')
    assert main(['train', str(path)]) == 1
    message = capsys.readouterr().err
    assert '0016E5_00001.png: no image for this truth' in message and 'on_error' in message
    path.write_text(TRAINING.format(root=layouts.root, on_error='skip'), encoding='utf-8')
    assert main(['train', str(path)]) == 0
    assert 'camvid_train: skipped 2 frames' in caplog.text
    assert '0016E5_00004.png' in caplog.text
    # Of six frames four are left: two steps.
    assert '2 steps per epoch (ceil(4 / 2))' in capsys.readouterr().out
