"""What the project imports is declared, in requirements/ or in package.xml."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[2]
OWN = ('roadseg_core', 'roadseg_ros')
FOLDERS = (*OWN, 'launch')
# Modules whose package has another name.
PACKAGES = {
    'PIL': 'pillow',
    'backports.zstd': 'backports-zstd',
    'cuda': 'cuda-python',
    'cv2': 'opencv-python-headless',
    'google.protobuf': 'protobuf',
    'tensorrt': 'tensorrt-cu12',
    'yaml': 'pyyaml',
}


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            # What a namespace package gives is told by the second part of its name.
            yield f'{node.module}.{node.names[0].name}'


def package_of(module: str) -> str:
    first, second = [*module.split('.'), ''][:2]
    name = PACKAGES.get(f'{first}.{second}') or PACKAGES.get(first) or first
    return name.lower()


def pinned() -> set[str]:
    lines = [
        line
        for path in (ROOT / 'requirements').glob('*.txt')
        if path.name != 'lock.txt'
        for line in path.read_text(encoding='utf-8').splitlines()
    ]
    found = {re.match(r'[\w.-]*', line).group().lower().replace('.', '-') for line in lines}
    return found - {''}


def ros_packages() -> set[str]:
    manifest = ElementTree.parse(ROOT / 'package.xml')
    return {element.text for element in manifest.iter('exec_depend')}


@pytest.mark.parametrize('folder', FOLDERS)
def test_every_import_is_declared(folder: str) -> None:
    paths = sorted((ROOT / folder).rglob('*.py'))
    # From Python 3.14 on `compression` is in the standard library.
    here = {*sys.stdlib_module_names, *OWN, 'compression'}
    needed = {
        package_of(module): f'{path.relative_to(ROOT)} imports {module}'
        for path in paths
        for module in imported(path)
        if module.partition('.')[0] not in here
    }
    assert needed
    declared = pinned() | ros_packages()
    assert [found for name, found in sorted(needed.items()) if name not in declared] == []
