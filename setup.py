"""Build and install roadseg_ros, for colcon and for pip."""

from __future__ import annotations

import os
import re
import sys
from glob import glob

from setuptools import find_packages, setup

NAME = 'roadseg_ros'
SHARE = f'share/{NAME}'
# pip puts executables on PATH, where SoX has a `play`; colcon into a folder of the package's own.
PREFIX = 'roadseg_' if {'editable_wheel', 'bdist_wheel', 'dist_info'}.intersection(sys.argv) else ''
# Executables start with the Python that runs this file. That of a distribution's colcon lacks what
# `make setup` installs; the path through symbolic links, because --symlink-install links this file.
ENVIRONMENT = os.path.join(os.path.dirname(os.path.realpath(__file__)), '.venv', 'bin', 'python')
if os.path.exists(ENVIRONMENT):
    sys.executable = ENVIRONMENT


def read_version() -> str:
    """Read the version from the source: importing would need what is not installed yet."""
    with open('roadseg_core/__init__.py', encoding='utf-8') as source:
        return re.search(r"^__version__ = '([^']+)'", source.read(), re.MULTILINE).group(1)


def shared_files(pattern: str) -> list[tuple[str, list[str]]]:
    """Map each folder below share to its files, as ``data_files`` wants them."""
    folders: dict[str, list[str]] = {}
    for path in sorted(glob(pattern, recursive=True)):
        if os.path.isfile(path):
            folders.setdefault(f'{SHARE}/{os.path.dirname(path)}', []).append(path)
    return list(folders.items())


setup(
    name=NAME,
    version=read_version(),
    # Listed, because launch/ and config/ beside them are folders of files, not packages.
    packages=find_packages(
        include=['roadseg_core', 'roadseg_core.*', 'roadseg_ros', 'roadseg_ros.*']
    ),
    # Pages: templates, their style and script, and the charts' library with its licence.
    # The streets are photographs for the demo's page, with theirs.
    package_data={
        '': ['*.j2', '*.css', '*.js', '*.LICENSE'],
        'roadseg_core.models': ['weights/*'],
        'roadseg_core.evaluation.demonstration': ['streets/*'],
    },
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{NAME}']),
        (SHARE, ['package.xml']),
        *shared_files('launch/*.launch.py'),
        *shared_files('config/**/*'),
        *shared_files('models/*.onnx'),
        *shared_files('models/*.md'),
    ],
    install_requires=['setuptools'],
    python_requires='>=3.10',
    # colcon runs pytest for this extra; without it, it runs unittest, finds nothing and is green.
    extras_require={'test': ['pytest']},
    zip_safe=False,
    maintainer='roadseg_ros developers',
    maintainer_email='dev@roadseg.invalid',
    description='Road and street segmentation of vehicle cameras, as a ROS 2 node.',
    license='Apache-2.0',
    entry_points={
        'console_scripts': [
            'segmentation_node = roadseg_ros.start:segmentation_node',
            f'{PREFIX}play = roadseg_ros.start:play',
            f'{PREFIX}demo = roadseg_ros.start:demo',
            'evaluate_bag = roadseg_ros.start:evaluate_bag',
            'make_truth_bag = roadseg_ros.start:make_truth_bag',
            'benchmark_evaluate_bag = roadseg_ros.start:benchmark_evaluate_bag',
            'load_test = roadseg_ros.start:load_test',
            'roadseg = roadseg_ros.start:roadseg',
        ],
    },
)
