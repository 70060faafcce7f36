"""The architecture page names files that exist, and leaves no folder out."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / 'docs' / 'architecture.md').read_text(encoding='utf-8')


def test_every_file_that_a_walk_names_exists() -> None:
    named = re.findall(r'`(roadseg_(?:core|ros)/[\w/]+\.py)`', PAGE)
    assert len(named) > 20
    assert [path for path in named if not (ROOT / path).is_file()] == []


def test_every_folder_and_module_is_named() -> None:
    found = {
        path.stem
        for package in ('roadseg_core', 'roadseg_ros')
        for path in (ROOT / package).iterdir()
        if not path.name.startswith('__') and (path.is_dir() or path.suffix == '.py')
    }
    assert {name for name in found if not re.search(rf'`{name}\b', PAGE)} == set()
