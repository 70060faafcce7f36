"""These tests build the package by the colcon of another Python, as a distribution's is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ('setup.py', 'setup.cfg', 'package.xml', 'LICENSE', 'resource', 'launch', 'config')
PACKAGES = ('roadseg_core', 'roadseg_ros')


@pytest.fixture(scope='module')
def other_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a Python without packages, in the place of a distribution's."""
    pytest.importorskip('colcon_core')
    folder = tmp_path_factory.mktemp('other')
    subprocess.run([sys.executable, '-m', 'venv', '--without-pip', folder], check=True)
    return folder / 'bin' / 'python'


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a copy of the package's source in a workspace."""
    folder = tmp_path / 'src' / 'roadseg_ros'
    folder.mkdir(parents=True)
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    for name in PACKAGES:
        ignored = shutil.ignore_patterns('__pycache__')
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    return folder


def build(source: Path, python: Path, *options: str) -> Path:
    """Build by the colcon of a Python; return the folder of the executables."""
    workspace = source.parents[1]
    # colcon and what it imports come from where the tests have them.
    sites = [path for path in sys.path if path.endswith(('site-packages', 'dist-packages'))]
    environment = {**os.environ, 'PYTHONPATH': os.pathsep.join(sites)}
    done = subprocess.run(
        [python, '-m', 'colcon', 'build', '--packages-select', 'roadseg_ros', *options],
        cwd=workspace,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return workspace / 'install' / 'roadseg_ros' / 'lib' / 'roadseg_ros'


@pytest.mark.parametrize('options', [(), ('--symlink-install',)], ids=['copied', 'linked'])
def test_executables_start_with_the_environment_of_the_package(
    source: Path, other_python: Path, options: tuple[str, ...]
) -> None:
    environment = source / '.venv'
    subprocess.run([sys.executable, '-m', 'venv', '--without-pip', environment], check=True)
    (environment / 'COLCON_IGNORE').touch()
    executables = list(build(source, other_python, *options).iterdir())
    assert {path.name for path in executables} >= {'segmentation_node', 'play', 'evaluate_bag'}
    first_lines = {path.read_text().splitlines()[0] for path in executables}
    assert first_lines == {f'#!{environment}/bin/python'}


def test_without_the_environment_an_executable_names_the_command_that_makes_it(
    source: Path, other_python: Path
) -> None:
    executables = build(source, other_python)
    packages = next(executables.parents[1].glob('lib/python*/site-packages'))
    environment = {'PATH': os.environ['PATH'], 'PYTHONPATH': str(packages)}
    for name in ('segmentation_node', 'play', 'evaluate_bag', 'make_truth_bag'):
        done = subprocess.run(
            [executables / name, '--help'],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 2
        assert done.stderr.startswith(f'{name}: No module named')
        assert done.stderr.count('\n') == 1
