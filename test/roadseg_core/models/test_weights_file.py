"""Tests of finding files of weights: local ones, and downloads with a checksum."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from roadseg_core.models.weights_file import SHIPPED, WeightsError, find_weights

CONTENT = b'weights'
CHECKSUM = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """Return a file that is downloaded by its file:// URL."""
    folder = tmp_path / 'remote'
    folder.mkdir()
    path = folder / f'vgg16-{CHECKSUM[:8]}.pth'
    path.write_bytes(CONTENT)
    return path


def test_a_local_file_is_taken_as_it_is(remote: Path) -> None:
    assert find_weights(remote) == remote


def test_a_download_is_checked_and_kept(remote: Path, tmp_path: Path) -> None:
    cache = tmp_path / 'cache'
    path = find_weights(remote.as_uri(), cache=cache)
    assert path.read_bytes() == CONTENT
    remote.unlink()
    assert find_weights(remote.as_uri(), cache=cache) == path
    assert list(cache.iterdir()) == [path]


def test_a_whole_checksum_may_stand_behind_the_url(remote: Path, tmp_path: Path) -> None:
    plain = remote.with_name('plain.npz')
    plain.write_bytes(CONTENT)
    with pytest.raises(WeightsError, match='no checksum'):
        find_weights(plain.as_uri(), cache=tmp_path / 'cache')
    path = find_weights(f'{plain.as_uri()}#sha256={CHECKSUM}', cache=tmp_path / 'cache')
    assert path.read_bytes() == CONTENT


def test_another_file_than_promised_is_deleted(remote: Path, tmp_path: Path) -> None:
    remote.write_bytes(b'something else')
    with pytest.raises(WeightsError, match=f'expected {CHECKSUM[:8]}'):
        find_weights(remote.as_uri(), cache=tmp_path / 'cache')
    assert list((tmp_path / 'cache').iterdir()) == []


def test_offline_it_says_what_to_do(remote: Path, tmp_path: Path) -> None:
    remote.unlink()
    with pytest.raises(WeightsError, match='name the local file instead, or put it at .*cache'):
        find_weights(remote.as_uri(), cache=tmp_path / 'cache')
    assert list((tmp_path / 'cache').iterdir()) == []


def test_shipped_files_are_found_by_name_and_others_below_the_root(tmp_path: Path) -> None:
    files = sorted(SHIPPED.glob('*.npz'))
    for shipped in files:
        assert find_weights(shipped.name) == shipped
    (tmp_path / 'own.npz').write_bytes(CONTENT)
    assert find_weights('own.npz', root=tmp_path) == tmp_path / 'own.npz'
    with pytest.raises(WeightsError, match=f'{files[0].name}.*ship.*network.stem_weights=null'):
        find_weights('other.npz', root=tmp_path)
    with pytest.raises(WeightsError, match='download https://storage.googleapis.com/'):
        find_weights('mobilenet_1_0_224_tf_no_top.h5')
