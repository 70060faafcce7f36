"""Tests of the training configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadseg_core.training.config import ConfigError, load_config

SHIPPED = sorted((Path(__file__).parents[3] / 'config' / 'training').glob('*.yaml'))


@pytest.mark.parametrize('path', SHIPPED, ids=lambda path: path.stem)
def test_shipped_configurations_are_valid(path: Path) -> None:
    assert load_config(path).data.input_size == (320, 480)


def test_overrides_reach_into_sections() -> None:
    config = load_config(SHIPPED[0], ['epochs=3', 'optimizer.learning_rate=0.5', 'data.root=/x'])
    assert (config.epochs, config.optimizer.learning_rate, config.data.root) == (3, 0.5, '/x')


@pytest.mark.parametrize(('override', 'named'), [
    ('epochs=0', 'epochs'), ('optimizer.learning_rat=1', 'optimizer.learning_rat'),
    ('data.train=[{name: mars}]', 'data.train.0.name'), ('epochs', 'key=value'),
    ('epochs.more=1', 'epochs is a value')])
def test_errors_name_the_key(override: str, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        load_config(SHIPPED[0], [override])


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='nothing.yaml'):
        load_config(tmp_path / 'nothing.yaml')
