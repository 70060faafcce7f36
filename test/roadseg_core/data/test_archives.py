"""Archives of data sets: unpacked once, never outside their target."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies

from roadseg_core.data.archives import unpack
from roadseg_core.data.dataset import open_source
from roadseg_core.data.source import DataError
from roadseg_core.labels import SEVEN


def write_zip(path: Path, members: dict[str, bytes], *, link: str = '') -> Path:
    with zipfile.ZipFile(path, 'w') as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        if link:
            info = zipfile.ZipInfo(link)
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, '/etc/passwd')
    return path


def write_tar(path: Path, members: dict[str, bytes], *, link: str = '') -> Path:
    with tarfile.open(path, 'w:gz') as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        if link:
            info = tarfile.TarInfo(link)
            info.type, info.linkname = tarfile.SYMTYPE, '../..'
            archive.addfile(info)
    return path


WRITERS = {'a.zip': write_zip, 'a.tgz': write_tar}


def files_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob('*') if path.is_file()}


@pytest.mark.parametrize('name', WRITERS)
@pytest.mark.parametrize(
    'evil',
    ['../evil', '/tmp/evil', 'a/../../evil', '..\\evil', 'C:\\evil', '\\\\host\\share\\evil'],
)
def test_names_that_lead_out_are_refused_and_nothing_is_unpacked(tmp_path, name, evil):
    path = WRITERS[name](tmp_path / name, {'good.txt': b'1', evil: b'2'})
    with pytest.raises(DataError, match=f'{name}: member .* leads out of the archive'):
        unpack([path], tmp_path / 'deep' / 'cache')
    assert files_below(tmp_path) - {name} <= {
        place for place in files_below(tmp_path) if place.endswith('.lock')
    }


@pytest.mark.parametrize('name', WRITERS)
def test_links_are_refused(tmp_path, name):
    path = WRITERS[name](tmp_path / name, {'good.txt': b'1'}, link='way_out')
    with pytest.raises(DataError, match=r"member 'way_out' is a link or special file"):
        unpack([path], tmp_path / 'cache')
    assert not list((tmp_path / 'cache').glob('a-*/'))


@pytest.mark.parametrize('name', WRITERS)
def test_damaged_archives_are_named_and_leave_nothing(tmp_path, name):
    path = WRITERS[name](tmp_path / name, {'good.txt': bytes(range(256)) * 40})
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataError, match=f'{name}: damaged or unreadable archive'):
        unpack([path], tmp_path / 'cache')
    assert not list((tmp_path / 'cache').glob('a-*/'))


@pytest.mark.parametrize('how', ['gz', 'bz2', 'xz'])
def test_damage_anywhere_in_a_compressed_archive_is_found(tmp_path, how):
    whole = tmp_path / 'whole'
    content = np.random.default_rng(1).bytes(60_000)
    with tarfile.open(whole, f'w:{how}') as archive:
        info = tarfile.TarInfo('good.txt')
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    sound = whole.read_bytes()
    # In the middle of the member, and in the checksum at the end of the stream.
    for number, place in enumerate((len(sound) // 2, len(sound) - 7)):
        path = tmp_path / f'{number}.tar.{how}'
        path.write_bytes(sound[:place] + bytes([sound[place] ^ 0x55]) + sound[place + 1 :])
        with pytest.raises(DataError, match=f'{path.name}: damaged or unreadable archive'):
            unpack([path], tmp_path / 'cache')
    assert not list((tmp_path / 'cache').glob('*/'))
    whole = whole.rename(tmp_path / f'whole.tar.{how}')
    assert (unpack([whole], tmp_path / 'cache') / 'good.txt').read_bytes() == content


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    strategies.lists(
        strategies.sampled_from(['..', '.', 'a', 'b', '/', '\\', 'C:', ' ']), min_size=1, max_size=6
    ),
    strategies.booleans(),
)
def test_no_name_whatsoever_gets_out(tmp_path_factory, parts, zipped):
    folder = tmp_path_factory.mktemp('any')
    name = 'a.zip' if zipped else 'a.tgz'
    path = WRITERS[name](folder / name, {'/'.join(parts): b'x'})
    inside = folder / 'x' / 'y' / 'cache'
    try:
        unpack([path], inside)
    except DataError:
        pass
    assert all(place == name or place.startswith('x/y/cache/') for place in files_below(folder))


def test_a_set_in_archives_is_read_and_unpacked_once(layouts):
    folder = layouts.cityscapes({'train': {'ulm': 2}})
    archives = []
    for kind in ('leftImg8bit', 'gtFine'):
        path = layouts.root / f'{kind}_trainvaltest.zip'
        write_zip(
            path,
            {
                file.relative_to(folder).as_posix(): file.read_bytes()
                for file in (folder / kind).rglob('*.png')
            },
        )
        archives.append(path.name)
    folder.rename(layouts.root / 'away')
    options = {'folder': archives}
    for _ in range(2):
        source = open_source(
            'cityscapes', root=layouts.root, split='train', label_map=SEVEN, options=options
        )
        assert len(source) == 2 and source.load(1).labels[0, 7] == 2
    (unpacked,) = (layouts.root / '.roadseg_cache').glob('leftImg8bit_trainvaltest-*/')
    assert len(files_below(unpacked)) == 4
    assert not {'leftImg8bit', 'gtFine'} & {path.name for path in layouts.root.iterdir()}
