"""These tests run pytest where packages are missing, and where a distribution's Python runs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name('conftest.py')
ROOT = CONFTEST.parents[1]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project with our conftest, and neither torch nor rosbags."""
    (tmp_path / 'test').mkdir()
    shutil.copy(CONFTEST, tmp_path / 'test')
    for name in ('torch', 'rosbags'):
        missing = f'raise ModuleNotFoundError("No module named {name!r}", name={name!r})'
        (tmp_path / f'{name}.py').write_text(missing, encoding='utf-8')
    return tmp_path


def run(project: Path, test: str, python: str = sys.executable) -> tuple[int, str]:
    """Run one test file; return pytest's exit code, and what it prints."""
    (project / 'test' / 'test_it.py').write_text(test, encoding='utf-8')
    sites = [path for path in sys.path if path.endswith(('site-packages', 'dist-packages'))]
    done = subprocess.run(
        [python, '-m', 'pytest', '-rs', '-p', 'no:cacheprovider'],
        cwd=project,
        env={**os.environ, 'PYTHONPATH': os.pathsep.join([str(project), str(ROOT), *sites])},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    'test',
    [
        'import torch\ndef test(): pass',
        'def test(): import torch',
        'import pytest\n@pytest.fixture\ndef net(): import torch\ndef test(net): pass',
        'def test():\n try: import torch\n except ImportError as error: raise OSError from error',
    ],
    ids=['module', 'test', 'fixture', 'cause'],
)
def test_what_needs_a_package_for_training_is_skipped(project: Path, test: str) -> None:
    status, text = run(project, test)
    assert status in (0, 5), text
    assert '1 skipped' in text
    assert "needs torch, which make setup SETS='runtime train dev' installs" in text


def test_a_folder_whose_conftest_needs_one_is_skipped(project: Path) -> None:
    (project / 'test' / 'nets').mkdir()
    (project / 'test' / 'nets' / 'conftest.py').write_text('import torch', encoding='utf-8')
    (project / 'test' / 'nets' / 'test_nets.py').write_text('def test(): pass', encoding='utf-8')
    status, text = run(project, 'def test(): pass')
    assert status == 0, text
    assert '1 passed, 1 skipped' in text


@pytest.mark.parametrize(
    'test', ['import rosbags', 'def test(): import rosbags', 'def test(): 1/0']
)
def test_any_other_error_is_one(project: Path, test: str) -> None:
    status, text = run(project, test)
    assert status in (1, 2), text
    assert 'skipped' not in text


def test_outside_an_environment_the_package_s_own_runs_the_tests(project: Path) -> None:
    subprocess.run([sys.executable, '-m', 'venv', '--without-pip', project / '.venv'], check=True)
    test = f'import sys\ndef test(): assert sys.prefix == {str(project / ".venv")!r}'
    # Its own name would lead to the environment of the tests.
    status, text = run(project, test, python=os.path.realpath(sys.executable))
    assert status == 0, text
    assert '1 passed' in text
