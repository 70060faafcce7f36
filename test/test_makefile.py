"""These tests ask make what it would do."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def commands(*arguments: str) -> str:
    """Return the commands that make would run, without running them."""
    if shutil.which('make') is None:
        pytest.skip('make is not installed')
    # The tests may be run by make itself, whose options its children inherit.
    environment = {name: value for name, value in os.environ.items() if not name.startswith('MA')}
    done = subprocess.run(
        ['make', '--dry-run', '--always-make', *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def test_tests_without_the_packages_for_training_end_before_anything_is_installed() -> None:
    text = commands('test', 'SETS=runtime dev')
    assert text.index("make test SETS='runtime train dev'") < text.index('exit 1')
    assert 'pip' not in text.partition('exit 1')[0]


@pytest.mark.parametrize(
    ('distribution', 'expected'),
    [('', 'cp requirements/lock.txt'), ('jazzy', 'requirements/distribution.py')],
)
def test_setup_takes_the_lock_as_it_suits_the_distribution(
    distribution: str, expected: str
) -> None:
    prefix = f'AMENT_PREFIX_PATH={"/opt/ros/" if distribution else ""}{distribution}'
    text = commands('setup', prefix, f'ROS_DISTRO={distribution}')
    assert f'{expected} ' in text
    assert ('--system-site-packages' in text) == bool(distribution)


@pytest.mark.parametrize('made', ['jazzy-runtime-train-dev', 'jazzy-runtime-dev', 'x-train-dev'])
def test_packages_for_training_stay_once_they_were_asked_for(tmp_path: Path, made: str) -> None:
    (tmp_path / f'made-for-{made}').touch()
    distribution = ('AMENT_PREFIX_PATH=/opt/ros/jazzy', 'ROS_DISTRO=jazzy')
    text = commands('setup', *distribution, f'VENV={tmp_path}')
    assert ('requirements/train.txt' in text) == (made == 'jazzy-runtime-train-dev')
    assert 'requirements/dev.txt' in text
