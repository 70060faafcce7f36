"""The shipped parameter file."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from roadseg_ros.launching.parameters import PARAMETER_ARGUMENTS
from roadseg_ros.launching.params_file import cameras_in_file

PATH = Path(__file__).parents[2] / 'config' / 'seg.yaml'


@pytest.fixture(scope='module')
def parameters() -> dict[str, object]:
    document = yaml.safe_load(PATH.read_text(encoding='utf-8'))
    assert list(document) == ['/**'], 'so that it fits a node of any name and namespace'
    assert list(document['/**']) == ['ros__parameters']
    return document['/**']['ros__parameters']


def test_every_parameter_has_a_ros_type(parameters: dict[str, object]):
    for name, value in parameters.items():
        values = value if isinstance(value, list) else [value]
        assert {type(one) for one in values} <= {bool, int, float, str}, name


def test_launch_arguments_have_the_names_and_types_of_parameters(parameters: dict[str, object]):
    # use_sim_time belongs to every ROS node; it is no parameter of this one.
    found = {name: type(parameters[name]) for name in PARAMETER_ARGUMENTS if name != 'use_sim_time'}
    assert found == {
        name: kind for name, kind in PARAMETER_ARGUMENTS.items() if name != 'use_sim_time'
    }


def test_every_camera_has_its_parameters(parameters: dict[str, object]):
    cameras = cameras_in_file(PATH, 'segmentation')
    assert cameras == parameters['camera_names'] == ['front']
    assert {name for name in parameters if '.' in name} == {
        f'{camera}.{setting}'
        for camera in cameras
        for setting in (
            'image_topic',
            'transport',
            'camera_info_topic',
            'pose',
            'hood',
            'rectified',
        )
    }


def test_every_parameter_is_described(parameters: dict[str, object]):
    lines = PATH.read_text(encoding='utf-8').splitlines()
    for name in parameters:
        (at,) = (i for i, line in enumerate(lines) if line.startswith(f'    {name}:'))
        assert lines[at - 1].lstrip().startswith('#'), f'{name} has no comment above it'
