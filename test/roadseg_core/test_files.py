"""Configuration files are found beside the source."""

from __future__ import annotations

from roadseg_core.files import config_folder


def test_folders_are_found_by_name() -> None:
    folder = config_folder('label_maps')
    assert folder is not None and (folder / 'seven.yaml').is_file()
    assert config_folder('nothing_of_this_name') is None
