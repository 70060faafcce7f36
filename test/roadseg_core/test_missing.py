"""These tests read which command installs a missing module."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from roadseg_core import missing
from roadseg_core.missing import ROS, TRAINING, repair

ROOT = Path(__file__).resolve().parents[2]
# What imports under another name than it is installed under.
IMPORTED_AS = {'pillow': 'PIL'}


def error_of(module: str) -> ModuleNotFoundError:
    return ModuleNotFoundError(f'No module named {module!r}', name=module)


@pytest.mark.parametrize(
    ('module', 'command'),
    [
        ('rosbags', f'make -C {ROOT} setup'),
        ('google.protobuf', f'make -C {ROOT} setup'),
        ('torch', f"make -C {ROOT} setup SETS='runtime train dev'"),
        ('rclpy', 'source /opt/ros/$ROS_DISTRO/setup.bash'),
    ],
)
def test_names_the_module_and_the_command(module: str, command: str) -> None:
    line = repair(error_of(module))
    assert line.startswith(f'No module named {module!r} (with {sys.executable}); run')
    assert command in line
    assert '\n' not in line


def test_a_python_outside_an_environment_builds_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, 'prefix', sys.base_prefix)
    assert repair(error_of('rosbags')).endswith(' && colcon build --packages-select roadseg_ros')


def test_a_copy_without_the_source_names_that_of_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(missing, '__file__', str(tmp_path / 'roadseg_core' / 'missing.py'))
    monkeypatch.setattr(sys, 'prefix', str(tmp_path / '.venv'))
    assert 'make -C SOURCE_OF_ROADSEG_ROS setup' in repair(error_of('rosbags'))
    monkeypatch.setattr(sys, 'prefix', str(ROOT / '.venv'))
    assert f'make -C {ROOT} setup' in repair(error_of('rosbags'))


def test_a_fault_of_the_project_is_no_missing_package() -> None:
    with pytest.raises(ModuleNotFoundError, match='roadseg_core.nothing'):
        repair(error_of('roadseg_core.nothing'))


def test_the_modules_for_training_are_those_of_the_requirements() -> None:
    lines = (ROOT / 'requirements' / 'train.txt').read_text(encoding='utf-8').splitlines()
    names = {re.match('[a-z0-9]*', line).group() for line in lines if not line.startswith('#')}
    assert {IMPORTED_AS.get(name, name) for name in names} | {'dask'} == TRAINING


def test_ros_modules_are_dependencies_of_the_package() -> None:
    manifest = (ROOT / 'package.xml').read_text(encoding='utf-8')
    for name in ROS:
        assert f'<exec_depend>{name}</exec_depend>' in manifest
