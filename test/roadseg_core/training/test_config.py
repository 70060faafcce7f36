"""Tests of the training configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadseg_core.data.dataset import DATA_SETS
from roadseg_core.data.options import parse_options
from roadseg_core.files import default_model
from roadseg_core.model_file import read_model_info
from roadseg_core.training.config import Augmentation, ConfigError
from roadseg_core.training.config_file import load_config
from roadseg_core.training.data import geometry_of, placement_of

SHIPPED = sorted((Path(__file__).parents[3] / 'config' / 'training').glob('*.yaml'))


def config_of(name: str) -> Path:
    """Return the path of a shipped configuration."""
    return next(path for path in SHIPPED if path.stem == name)


@pytest.mark.parametrize('path', SHIPPED, ids=lambda path: path.stem)
def test_shipped_configurations_are_named_as_their_files(path: Path) -> None:
    assert load_config(path).name == path.stem


def test_own_streets_trains_the_network_of_the_default_model() -> None:
    network = load_config('own_streets').network
    info = read_model_info(default_model())
    assert (network.name, network.arguments) == (info.network, info.network_arguments)


@pytest.mark.parametrize('path', SHIPPED, ids=lambda path: path.stem)
def test_the_data_options_of_shipped_configurations_are_valid(path: Path) -> None:
    data = load_config(path).data
    for section in (*data.train, *data.validation):
        kind = DATA_SETS[section.name].options
        parsed = parse_options(kind, section.options, section.name)
        assert set(section.options) <= parsed.model_fields_set


def test_published_settings() -> None:
    unet = load_config(config_of('unet_vgg19_cityscapes'))
    assert (unet.optimizer.name, unet.optimizer.learning_rate) == ('adam', 1e-3)
    assert (unet.schedule.name, unet.schedule.decay) == ('step', 0.95)
    assert (unet.batch_size, unet.epochs, unet.checkpoints.best) == (32, 20, 'loss')
    fcn = load_config(config_of('fcn8s_kitti_road'))
    assert (fcn.optimizer.name, fcn.optimizer.learning_rate) == ('adam', 1e-4)
    assert (fcn.batch_size, fcn.epochs, fcn.data.input_size) == (10, 75, (160, 576))
    mobilenet = load_config(config_of('mobilenet_fcn_cityscapes'))
    assert (mobilenet.batch_size, mobilenet.epochs) == (16, 15)
    assert mobilenet.schedule.name == 'constant' and mobilenet.augmentation == Augmentation()
    assert mobilenet.optimizer.weight_decay == 1e-6
    assert mobilenet.optimizer.decay_of == 'convolutions'
    assert not mobilenet.network.arguments.get('folded')
    assert geometry_of(mobilenet).view((1024, 2048)).source == (448, 128, 1152, 768)
    assert geometry_of(unet).view((1024, 2048)).source == (512, 0, 1024, 1024)


def test_a_cut_that_the_vehicle_does_not_make_is_refused() -> None:
    config = load_config(config_of('unet_vgg19_cityscapes'), ['data.geometry=stretch'])
    with pytest.raises(ConfigError, match='cityscapes is cut .crop: square.*data.geometry to crop'):
        placement_of(config.data.train[0], geometry_of(config))


def test_overrides_reach_into_sections_and_lists() -> None:
    config = load_config(
        config_of('unet_8'),
        [
            'epochs=3',
            'optimizer.learning_rate=0.5',
            'data.root=/x',
            'data.train.0.repeat=5',
            'network.arguments.filters=4',
            'loss=[{name: dice}, {name: iou, weight: 0.5}]',
        ],
    )
    assert (config.epochs, config.optimizer.learning_rate, config.data.root) == (3, 0.5, '/x')
    assert config.data.train[0].repeat == 5 and config.network.arguments['filters'] == 4
    assert [term.name for term in config.loss] == ['dice', 'iou']


def test_overrides_come_after_what_a_trial_run_changes() -> None:
    config = load_config(config_of('unet_8'), ['batch_size=3'], smoke=True)
    assert config.batch_size == 3 and config.network.arguments['filters'] == 2
    assert config.data.train[0].name == 'generated'


@pytest.mark.parametrize(
    ('override', 'named'),
    [
        ('epochs=0', 'epochs'),
        ('optimizer.learning_rat=1', 'optimizer.learning_rat'),
        ('data.train=[{name: mars}]', 'data.train.0.name'),
        ('epochs', 'key=value'),
        ('epochs.more=1', 'epochs is a value'),
        ('data.train.9.repeat=2', 'from 0 to 2'),
        ('loss=[{name: dice, class_weights: median_frequency}]', 'loss.0'),
    ],
)
def test_errors_name_the_key(override: str, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        load_config(config_of('unet_8'), [override])


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='nothing.yaml'):
        load_config(tmp_path / 'nothing.yaml')
