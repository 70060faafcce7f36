"""The package as ROS and pip see it: one name, one version, every executable there."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

import roadseg_core

ROOT = Path(__file__).resolve().parents[2]
TOP_LEVEL = {
    # What the package is made of, ...
    'roadseg_ros',
    'roadseg_core',
    'launch',
    'config',
    'models',
    'test',
    'docs',
    # ... what ROS, Python and make need, ...
    'package.xml',
    'setup.py',
    'setup.cfg',
    'pyproject.toml',
    'resource',
    'requirements',
    'Makefile',
    '.ci',
    '.gitignore',
    'README.md',
    'SECURITY.md',
    'LICENSE',
    'CHANGELOG.rst',
    'CONTRIBUTING.md',
}
# Released in each of Humble, Jazzy, Kilted and Lyrical, by the lists of github.com/ros/rosdistro.
ROS_PACKAGES = {
    'ament_index_python', 'builtin_interfaces', 'cv_bridge', 'diagnostic_msgs', 'geometry_msgs',
    'launch', 'launch_ros', 'lifecycle_msgs', 'nav_msgs', 'rcl_interfaces', 'rclpy', 'ros2launch',
    'rosgraph_msgs', 'sensor_msgs', 'std_msgs', 'tf2_msgs', 'vision_msgs',
}  # fmt: skip
# Keys of rosdep/python.yaml there.
SYSTEM_KEYS = {
    'python3-hypothesis', 'python3-numpy', 'python3-opencv', 'python3-pytest', 'python3-venv',
    'python3-yaml',
}  # fmt: skip


def describe(command: str) -> dict:
    """Return the arguments that setup.py gives to setuptools for one of its commands."""
    program = (
        'import json, runpy, setuptools; setuptools.setup = lambda **values: '
        'print(json.dumps(values)); runpy.run_path("setup.py")'
    )
    done = subprocess.run(
        [sys.executable, '-c', program, command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.fixture(scope='module')
def described() -> dict:
    """Return the arguments of setup.py as colcon runs it."""
    return describe('install')


@pytest.fixture(scope='module')
def manifest() -> ElementTree.Element:
    """Return the root of package.xml."""
    return ElementTree.parse(ROOT / 'package.xml').getroot()


def scripts(described: dict) -> dict[str, str]:
    """Return the target of each executable."""
    lines = described['entry_points']['console_scripts']
    return dict(line.replace(' ', '').split('=') for line in lines)


def test_one_name_version_and_licence(described, manifest):
    assert described['name'] == manifest.findtext('name') == 'roadseg_ros'
    assert described['version'] == manifest.findtext('version') == roadseg_core.__version__
    assert described['license'] == manifest.findtext('license') == 'Apache-2.0'
    assert described['description'] == manifest.findtext('description')
    assert manifest.get('format') == '3'
    assert manifest.findtext('export/build_type') == 'ament_python'


def test_models_and_photographs_have_licences_of_their_own(manifest: ElementTree.Element) -> None:
    licences = manifest.findall('license')
    assert [element.text for element in licences] == ['Apache-2.0', 'CC-BY-NC-SA-3.0', 'MIT']
    files = [ROOT / file for element in licences if (file := element.get('file'))]
    assert files[0] == ROOT / 'LICENSE'
    assert 'Copyright (c) 2016-2018 Udacity, Inc.' in files[1].read_text(encoding='utf-8')


def test_rosdep_knows_every_dependency(manifest: ElementTree.Element) -> None:
    depends = {element.text for element in manifest if element.tag.endswith('_depend')}
    assert 'python3-venv' in depends
    assert depends <= ROS_PACKAGES | SYSTEM_KEYS


def test_the_changelog_has_the_section_that_a_release_takes() -> None:
    version = pytest.importorskip('catkin_pkg.package_version')
    text = (ROOT / 'CHANGELOG.rst').read_text(encoding='utf-8')
    assert version.get_forthcoming_label(text) == 'Forthcoming'


def test_licence_is_whole():
    text = (ROOT / 'LICENSE').read_text(encoding='utf-8')
    assert 'Apache License' in text
    assert 'Version 2.0, January 2004' in text
    assert 'END OF TERMS AND CONDITIONS' in text


def test_top_level_is_what_the_design_says():
    try:
        done = subprocess.run(
            ['git', 'ls-files'], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip('not a git checkout')
    assert {line.split('/')[0] for line in done.stdout.splitlines()} <= TOP_LEVEL


@pytest.mark.parametrize('folder', ['launch', 'config', 'test'])
def test_folders_of_files_are_no_packages(folder):
    assert not list((ROOT / folder).rglob('__init__.py'))


def test_packages_are_ours_and_complete(described):
    folders = {
        '.'.join(path.parent.relative_to(ROOT).parts)
        for name in ('roadseg_core', 'roadseg_ros')
        for path in (ROOT / name).rglob('*.py')
    }
    assert set(described['packages']) == folders, 'a folder of modules lacks its __init__.py'


def test_what_lies_beside_modules_is_installed(described: dict) -> None:
    beside = {
        path.relative_to(ROOT)
        for name in ('roadseg_core', 'roadseg_ros')
        for path in (ROOT / name).rglob('*')
        if path.is_file() and path.suffix not in ('.py', '.pyc')
    }
    installed = set()
    for package, patterns in described['package_data'].items():
        for folder in [package] if package else described['packages']:
            for pattern in patterns:
                installed |= set(ROOT.joinpath(*folder.split('.')).glob(pattern))
    assert len(beside) > 10
    assert {ROOT / path for path in beside} <= installed


def test_shared_files_are_installed(described):
    installed = {path for _, paths in described['data_files'] for path in paths}
    assert {'package.xml', 'resource/roadseg_ros'} <= installed
    for folder, pattern in (
        ('launch', '*.launch.py'),
        ('config', '*'),
        ('models', '*.onnx'),
        ('models', '*.md'),
    ):
        files = {
            str(path.relative_to(ROOT)) for path in (ROOT / folder).rglob(pattern) if path.is_file()
        }
        assert files
        assert files <= installed
    # A file keeps its folder, below the one where ROS looks.
    for target, paths in described['data_files']:
        if not target.startswith('share/ament_index'):
            assert {str(Path('share/roadseg_ros', path).parent) for path in paths} == {target}


def test_executables_are_functions(described):
    targets = scripts(described)
    assert set(targets) == {
        'segmentation_node',
        'play',
        'evaluate_bag',
        'load_test',
        'make_truth_bag',
        'benchmark_evaluate_bag',
        'demo',
        'roadseg',
    }
    for target in targets.values():
        module, _, function = target.partition(':')
        assert callable(getattr(importlib.import_module(module), function))


def test_pip_puts_no_play_on_the_path_of_programs(described: dict) -> None:
    for_pip = scripts(describe('editable_wheel'))
    assert for_pip.pop('roadseg_play') == scripts(described)['play']
    assert for_pip.pop('roadseg_demo') == scripts(described)['demo']
    assert for_pip.items() < scripts(described).items()


@pytest.mark.parametrize(
    'name', ['ros-wheels', 'ros-wheels-jazzy', 'rosdep', 'runtime', 'train', 'dev']
)
def test_every_requirement_is_pinned(name):
    lines = (ROOT / 'requirements' / f'{name}.txt').read_text(encoding='utf-8').splitlines()
    requirements = [line for line in lines if not line.startswith('#')]
    assert requirements
    assert all('==' in line for line in requirements)
    # It would hide the lark-parser of the ROS wheels.
    assert not any(line.startswith('lark') for line in requirements)
