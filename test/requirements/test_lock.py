"""These tests resolve the pinned requirements with the Python and NumPy of each distribution."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).resolve().parents[2] / 'requirements'
# Pure Python, and on PyPI as source alone.
WITHOUT_WHEELS = ('empy', 'notify2')
# Not in the lock: they differ between distributions, or come with CUDA builds of torch alone.
NOT_LOCKED = ('ros-', 'nvidia-', 'cuda-', 'triton')
TRAINING = ('runtime', 'train', 'dev')
X86, ARM = 'x86_64-manylinux_2_35', 'aarch64-manylinux_2_35'
UV = [sys.executable, '-m', 'uv', 'pip', 'compile', '--python', sys.executable,
      '--no-python-downloads', '--system-certs', '--no-header', '--no-annotate']  # fmt: skip


def resolve(options: list[str], files: tuple[str, ...], *constraints: str) -> list[str]:
    """Resolve files of requirements/ under the lock; return lines of name==version."""
    command = [*UV, *options, '--only-binary', ':all:']
    for name in WITHOUT_WHEELS:
        command += ['--no-binary', name]
    pinned = [f'-r {REQUIREMENTS / name}.txt' for name in files]
    locked = f'-c {REQUIREMENTS / "lock.txt"}'
    done = subprocess.run(
        [*command, '-'],
        input='\n'.join([*pinned, locked, *constraints]),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture(scope='module', autouse=True)
def package_index() -> None:
    """Skip where no package index answers."""
    pytest.importorskip('uv')
    done = subprocess.run(
        [*UV, '--quiet', '--no-cache', '-'],
        input='iniconfig',
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, 'UV_HTTP_RETRIES': '0', 'UV_HTTP_TIMEOUT': '10'},
    )
    if done.returncode:
        pytest.skip(f'no package index can be reached: {done.stderr.strip().splitlines()[-1]}')


@pytest.mark.parametrize(
    ('python', 'numpy', 'platform', 'files'),
    [
        pytest.param('3.10', '==1.21.5', X86, ('runtime', 'dev'), id='humble'),
        pytest.param('3.10', '==1.21.5', ARM, ('runtime', 'dev'), id='humble-arm'),
        # onnxruntime wants 1.21.6 and newer: pip puts another 1.x into the environment.
        pytest.param('3.10', '<2', X86, TRAINING, id='humble-training'),
        pytest.param('3.11', '==1.24.2', X86, ('runtime', 'dev'), id='kilted-debian'),
        pytest.param('3.11', '<2', X86, TRAINING, id='kilted-debian-training'),
        pytest.param('3.12', '==1.26.4', X86, TRAINING, id='jazzy-kilted'),
        pytest.param('3.12', '==1.26.4', ARM, TRAINING, id='jazzy-kilted-arm'),
        pytest.param('3.13', '==2.2.4', X86, TRAINING, id='lyrical-debian'),
        pytest.param('3.14', '==2.3.5', X86, TRAINING, id='lyrical'),
        pytest.param('3.14', '==2.3.5', ARM, TRAINING, id='lyrical-arm'),
    ],
)
def test_resolves_with_the_numpy_of_a_distribution(
    python: str, numpy: str, platform: str, files: tuple[str, ...]
) -> None:
    options = ['--python-version', python, '--python-platform', platform]
    packages = resolve(options, files, f'numpy{numpy}')
    assert any(package.startswith('openvino==') for package in packages)
    assert any(package.startswith('torch==') for package in packages) == ('train' in files)


@pytest.mark.parametrize('wheels', ['ros-wheels', 'ros-wheels-jazzy'])
def test_holds_every_package_without_a_distribution(wheels: str) -> None:
    files = (*TRAINING, 'rosdep', wheels)
    known = {
        name_of(line)
        for name in (*files, 'lock')
        for line in (REQUIREMENTS / f'{name}.txt').read_text(encoding='utf-8').splitlines()
    }
    every_python = ['--universal', '--python-version', '3.10', '--fork-strategy', 'requires-python']
    for_linux = [line for line in resolve(every_python, files) if "== 'win32'" not in line]
    missing = {name_of(line) for line in for_linux} - known
    assert {name for name in missing if not name.startswith(NOT_LOCKED)} == set()


def name_of(line: str) -> str:
    return re.sub(r'[-_.]+', '-', re.match(r'[\w.-]*', line).group()).lower()
