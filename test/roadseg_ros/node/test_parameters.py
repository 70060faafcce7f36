"""Parameters: what config/seg.yaml says, what the code says, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from roadseg_core.files import default_model
from roadseg_core.model_file import read_model_info
from roadseg_ros.node.parameters import (
    PARAMETERS,
    ParameterError,
    camera_parameters,
    check_cache_folder,
    check_model,
    make_settings,
)

SEG_YAML = Path(__file__).resolve().parents[3] / 'config' / 'seg.yaml'


def defaults(*cameras: str) -> dict:
    parameters = (*PARAMETERS, *(p for name in cameras for p in camera_parameters(name)))
    values = {parameter.name: parameter.default for parameter in parameters}
    return {**values, 'camera_names': list(cameras)}


def test_the_file_holds_every_parameter_with_its_default():
    values = yaml.safe_load(SEG_YAML.read_text(encoding='utf-8'))['/**']['ros__parameters']
    assert values == defaults('front')


def test_topics_of_a_camera():
    values = defaults('front', 'left')
    values |= {'left.image_topic': '/l/img', 'left.transport': 'compressed'}
    front, left = make_settings(values).cameras
    assert (front.image_topic, front.camera_info_topic) == (
        'camera/front/image_raw',
        'camera/front/camera_info',
    )
    assert (left.image_topic, left.camera_info_topic) == ('/l/img/compressed', '/l/camera_info')


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('fps', 0.0),
        ('fps', 1000.0),
        ('batch_wait', -0.1),
        ('road_threshold', 1.5),
        ('overlay_alpha', 2.0),
        ('overlay_mode', 'rainbow'),
        ('output_geometry', 'sphere'),
        ('backend', 'abacus'),
        ('precision', 'int3'),
        ('threads', -1),
        ('camera_names', []),
        ('camera_names', ['a', 'b', 'c', 'd', 'e']),
        ('camera_names', ['9']),
        ('camera_names', ['label_map']),
        ('front.transport', 'pigeon'),
        ('front.image_topic', ''),
        ('base_frame', ''),
    ],
)
def test_an_error_names_the_parameter(name, value):
    with pytest.raises(ParameterError, match=rf'^{name}: '):
        make_settings({**defaults('front'), name: value})


@pytest.mark.parametrize(
    ('image_topic', 'info_topic'),
    [
        ('/cam/image_raw', '/cam/camera_info'),
        ('/cam/image_raw/compressed', '/cam/camera_info'),
        ('image_raw', 'camera_info'),
        ('/image_raw', '/camera_info'),
    ],
)
def test_camera_info_is_beside_the_images(image_topic, info_topic):
    values = {
        **defaults('front'),
        'front.image_topic': image_topic,
        'front.transport': 'compressed',
    }
    camera = make_settings(values).cameras[0]
    assert camera.camera_info_topic == info_topic
    assert camera.image_topic == f'{image_topic.removesuffix("/compressed")}/compressed'


@pytest.mark.parametrize('name', ['front.image_topic', 'front.camera_info_topic'])
def test_what_cannot_be_a_topic_is_named(name):
    with pytest.raises(ParameterError, match=rf'(?s)^{name}: .*two words'):
        make_settings({**defaults('front'), name: '/two words'})


@pytest.mark.parametrize('label_map', ['', 'seven', 'two'])
def test_every_model_says_what_is_road(label_map):
    settings = make_settings({**defaults('front'), 'label_map': label_map})
    check_model(settings, read_model_info(default_model()))


def test_a_model_of_other_classes_is_refused():
    settings = make_settings({**defaults('front'), 'label_map': 'eight'})
    with pytest.raises(ParameterError, match=r"^label_map: 'eight', but .*onnx has 'seven'"):
        check_model(settings, read_model_info(default_model()))


def test_the_cache_folder_is_made_or_named(tmp_path):
    folder = tmp_path / 'a' / 'b'
    check_cache_folder(make_settings({**defaults('front'), 'cache_dir': str(folder)}))
    assert folder.is_dir()
    (tmp_path / 'file').touch()
    settings = make_settings({**defaults('front'), 'cache_dir': str(tmp_path / 'file')})
    with pytest.raises(ParameterError, match=r'^cache_dir: .*file.* cannot be a folder'):
        check_cache_folder(settings)
