"""The cache: the same frames, made anew when what they depend on changes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from roadseg_core.data.dataset import open_source
from roadseg_core.data.source import DataError
from roadseg_core.labels import SEVEN, TWO


def open_camvid(root: Path, *, label_map=SEVEN, **options):
    return open_source('camvid', root=root, split='train', label_map=label_map, **options)


def made(root: Path) -> dict[str, int]:
    """Return the cache files and when each was made."""
    return {path.name: path.stat().st_mtime_ns for path in (root / '.roadseg_cache').glob('*.h5')}


def same(first, second) -> bool:
    return len(first) == len(second) and all(
        a.name == b.name and np.array_equal(a.image, b.image) and np.array_equal(a.labels, b.labels)
        for a, b in ((first.load(i), second.load(i)) for i in range(len(first)))
    )


def test_cached_frames_are_the_frames(layouts):
    layouts.camvid(frames=4)
    plain = open_camvid(layouts.root, size=[16, 24])
    cached = open_camvid(layouts.root, size=[16, 24], cache=True)
    assert cached.load(0).image.shape == (16, 24, 3) and same(plain, cached)
    before = made(layouts.root)
    assert same(plain, open_camvid(layouts.root, size=[16, 24], cache=True))
    assert made(layouts.root) == before and len(before) == 1


def test_the_camera_of_rendered_frames_is_kept(tmp_path):
    options = {'camera': 'front', 'frames': 1, 'size': [64, 96]}
    plain, cached = (
        open_source(
            'rendered', root=tmp_path, split='val', label_map=SEVEN, options=options, cache=cache
        )
        for cache in (False, True)
    )
    assert same(plain, cached) and len(made(tmp_path)) == 1
    assert len(cached.load(0).intrinsics) == 4
    assert cached.load(0).intrinsics == plain.load(0).intrinsics


def test_changed_inputs_make_it_anew(layouts):
    folder = layouts.camvid()
    open_camvid(layouts.root, cache=True)
    before = made(layouts.root)
    path = folder / 'trainannot' / '0016E5_00000.png'
    truth = np.full((8, 12), 3, np.uint8)
    cv2.imwrite(str(path), truth)
    os.utime(path, ns=(1, 1))
    assert open_camvid(layouts.root, cache=True).load(0).labels[0, 0] == 2
    changed = made(layouts.root)
    assert changed.keys() == before.keys() and changed != before
    # A file more, a file less.
    cv2.imwrite(str(folder / 'train' / '0016E5_00009.png'), np.zeros((8, 12, 3), np.uint8))
    cv2.imwrite(str(folder / 'trainannot' / '0016E5_00009.png'), truth)
    assert len(open_camvid(layouts.root, cache=True)) == 3


def test_options_and_label_maps_have_files_of_their_own(layouts):
    layouts.camvid()
    assert open_camvid(layouts.root, cache=True).load(0).labels[0, 3] == 2
    assert open_camvid(layouts.root, cache=True, label_map=TWO).load(0).labels[0, 3] == 1
    assert open_camvid(layouts.root, cache=True, crop='square').load(0).labels.shape == (8, 8)
    assert len(made(layouts.root)) == 3


def test_damage_is_fatal_or_remembered_as_skipped(layouts, caplog):
    folder = layouts.camvid(frames=3)
    (folder / 'train' / '0016E5_00001.png').write_bytes(b'')
    with pytest.raises(DataError, match='0016E5_00001'):
        open_camvid(layouts.root, cache=True)
    assert not made(layouts.root)
    for _ in range(2):
        caplog.clear()
        assert len(open_camvid(layouts.root, cache=True, on_error='skip')) == 2
        assert 'skipped 1 frames' in caplog.text and '0016E5_00001' in caplog.text


def test_a_damaged_cache_is_made_anew(layouts):
    layouts.camvid()
    plain = open_camvid(layouts.root)
    open_camvid(layouts.root, cache=True)
    (path,) = (layouts.root / '.roadseg_cache').glob('*.h5')
    path.write_bytes(path.read_bytes()[:500])
    assert same(plain, open_camvid(layouts.root, cache=True))


PROGRAM = """
import sys
from pathlib import Path
from roadseg_core.data.dataset import open_source
from roadseg_core.labels import SEVEN
source = open_source('camvid', root=Path(sys.argv[1]), split='train', label_map=SEVEN, cache=True)
print(*(source.load(i).name for i in range(len(source))))
"""


def test_several_processes_make_one_file(layouts):
    layouts.camvid(frames=4)
    processes = [
        subprocess.Popen(
            [sys.executable, '-c', PROGRAM, str(layouts.root)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    results = {process.communicate(timeout=120)[0].strip() for process in processes}
    assert results == {'0016E5_00000 0016E5_00001 0016E5_00002 0016E5_00003'}
    assert len(made(layouts.root)) == 1
    assert not list((layouts.root / '.roadseg_cache').glob('*.h5.*'))


def test_it_survives_a_fork(layouts):
    layouts.camvid()
    source = open_camvid(layouts.root, cache=True)
    source.load(0)
    process = os.fork()
    if not process:
        # The child's own handle; no pytest there.
        os._exit(0 if source.load(1).name == '0016E5_00001' else 1)
    assert os.waitpid(process, 0)[1] == 0
    assert source.load(1).name == '0016E5_00001'
