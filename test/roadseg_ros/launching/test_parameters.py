"""From launch arguments to node parameters."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from roadseg_ros.launching.parameters import parameter_overrides, parse_value, with_scenario

MODELS = Path(__file__).parents[3] / 'models'


def test_empty_arguments_override_nothing():
    arguments = dict.fromkeys(['model', 'fps', 'cameras', 'image_topics', 'transport'], '')
    assert parameter_overrides(arguments, file_cameras=['front']) == {}


def test_values_have_the_type_of_their_parameter():
    overrides = parameter_overrides(
        {
            'fps': '10',
            'threads': '2',
            'use_sim_time': 'True',
            'autostart': 'false',
            'backend': 'openvino',
        },
        file_cameras=[],
    )
    assert overrides == {
        'fps': 10.0,
        'threads': 2,
        'use_sim_time': True,
        'autostart': False,
        'backend': 'openvino',
    }
    assert isinstance(overrides['fps'], float)


@pytest.mark.parametrize(
    ('name', 'text', 'kind'),
    [
        ('fps', 'fast', float),
        ('fps', 'nan', float),
        ('threads', '1.5', int),
        ('respawn', 'perhaps', bool),
    ],
)
def test_a_wrong_value_names_its_argument(name: str, text: str, kind: type):
    with pytest.raises(ValueError, match=f'{name}:='):
        parse_value(name, text, kind)


def test_paths_expand_the_home_directory():
    overrides = parameter_overrides({'model': '~/model.onnx'}, file_cameras=[])
    assert overrides == {'model': str(Path.home() / 'model.onnx')}


def test_cameras_and_their_settings():
    overrides = parameter_overrides(
        {'cameras': 'front, left', 'image_topics': 'front=/a,left=/b', 'transport': 'compressed'},
        file_cameras=['rear'],
    )
    assert overrides == {
        'camera_names': ['front', 'left'],
        'front.image_topic': '/a',
        'left.image_topic': '/b',
        'front.transport': 'compressed',
        'left.transport': 'compressed',
    }


def test_transport_by_camera_uses_the_cameras_of_the_file():
    assert parameter_overrides(
        {'transport': 'rear=compressed'}, file_cameras=['front', 'rear']
    ) == {'rear.transport': 'compressed'}


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ({'cameras': 'front,front'}, 'twice'),
        ({'cameras': 'front', 'image_topics': 'left=/b'}, 'none of the cameras'),
        ({'cameras': 'front,left', 'transport': 'raw,raw'}, 'CAMERA=VALUE'),
        ({'image_topics': '/a'}, 'CAMERA=TOPIC'),
    ],
)
def test_wrong_camera_arguments(arguments: dict[str, str], message: str):
    with pytest.raises(ValueError, match=message):
        parameter_overrides(arguments, file_cameras=['front'])


def test_a_scenario_fills_what_is_not_given():
    filled = with_scenario(
        {'scenario': 'parking', 'fps': '10', 'model': '', 'name': 'eyes'}, models=MODELS
    )
    assert filled['cameras'] == 'front,left,right,rear'
    assert (filled['fps'], filled['label_map']) == ('10', 'seven')
    assert Path(filled['model']).is_file()
    assert filled['name'] == 'eyes'


def test_without_a_scenario_nothing_is_filled():
    assert with_scenario({'scenario': '', 'fps': ''}, models=MODELS) == {'scenario': '', 'fps': ''}


def test_a_scenario_needs_no_more_than_a_distribution_has():
    program = f"""
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in {{'onnx', 'google', 'pydantic', 'openvino', 'torch', 'cv2'}}:
            raise ModuleNotFoundError(f'No module named {{name!r}}', name=name)
sys.meta_path.insert(0, Blocker())
from pathlib import Path
from roadseg_ros.launching.parameters import parameter_overrides, with_scenario
filled = with_scenario({{'scenario': 'parking'}}, models=Path({str(MODELS)!r}))
print(parameter_overrides(filled, file_cameras=[])['label_map'])
"""
    result = subprocess.run(
        [sys.executable, '-c', program],
        cwd=MODELS.parent,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (result.returncode, result.stdout) == (0, 'seven\n'), result.stderr


def test_an_unknown_scenario_is_named():
    with pytest.raises(ValueError, match='motorway'):
        with_scenario({'scenario': 'motorway'}, models=MODELS)
