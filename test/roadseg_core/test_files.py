"""Configuration files are found beside the source; files are written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadseg_core.files import config_folder, take_folder, write_atomically


def test_folders_are_found_by_name() -> None:
    folder = config_folder('label_maps')
    assert folder is not None and (folder / 'seven.yaml').is_file()
    assert config_folder('nothing_of_this_name') is None


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / 'folder' / 'model.onnx'
    with write_atomically(path) as temporary:
        temporary.write_text('new')
        assert not path.exists() and temporary.suffix == '.onnx'
    assert path.read_text() == 'new' and list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / 'report.json'
    path.write_text('old')

    def fail(temporary: Path) -> None:
        temporary.write_text('half')
        raise OSError('the disk is full')

    with pytest.raises(OSError, match='disk'), write_atomically(path) as temporary:
        fail(temporary)
    with write_atomically(path):
        pass  # nothing is written
    assert path.read_text() == 'old' and list(tmp_path.iterdir()) == [path]


def test_a_program_takes_its_own_folder_again_and_none_of_others(tmp_path: Path) -> None:
    own = tmp_path / 'new' / 'own'
    for _ in range(2):
        take_folder(own, 'demo')
        (own / 'report.json').write_text('{}')
    with pytest.raises(FileExistsError, match='own holds files that no load_test wrote'):
        take_folder(own, 'load_test')
