"""From launch arguments to node parameters."""

from __future__ import annotations

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
    assert filled['fps'] == '10'
    assert Path(filled['model']).is_file()
    assert filled['name'] == 'eyes'


def test_without_a_scenario_nothing_is_filled():
    assert with_scenario({'scenario': '', 'fps': ''}, models=MODELS) == {'scenario': '', 'fps': ''}


def test_any_model_answers_road_or_not_but_two_classes_are_no_seven():
    model = str(MODELS / 'unet_8.onnx')
    assert with_scenario({'scenario': 'rural', 'model': model}, models=MODELS)['model'] == model
    with pytest.raises(ValueError, match="'parking' asks for the classes 'seven'.*'two'"):
        with_scenario({'scenario': 'parking', 'model': model}, models=MODELS)


def test_an_unknown_scenario_is_named():
    with pytest.raises(ValueError, match='motorway'):
        with_scenario({'scenario': 'motorway'}, models=MODELS)
