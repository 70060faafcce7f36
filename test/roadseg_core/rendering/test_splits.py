"""The demo's drives are never trained on."""

from __future__ import annotations

import pytest

from roadseg_core.rendering import (
    DEMO_LAYOUTS,
    DEMO_SEEDS,
    LAYOUTS,
    TRAINING_LAYOUTS,
    demo_config,
    training_configs,
)


def test_training_never_sees_the_demo() -> None:
    configs = list(training_configs(500, 120, 160))
    assert len(configs) == 500
    assert not {config.seed for config in configs} & set(DEMO_SEEDS)
    assert not {config.layout for config in configs} & set(DEMO_LAYOUTS)
    assert len({config.seed for config in configs}) == 500


def test_layouts_are_split_in_two() -> None:
    assert set(DEMO_LAYOUTS) | set(TRAINING_LAYOUTS) == {layout.name for layout in LAYOUTS}
    assert not set(DEMO_LAYOUTS) & set(TRAINING_LAYOUTS)


def test_the_demo_has_drives_of_its_own() -> None:
    configs = [demo_config(10.0, 15.0, 480, 640, number=n) for n in range(len(DEMO_SEEDS))]
    assert {config.seed for config in configs} == set(DEMO_SEEDS)
    assert {config.layout for config in configs} <= set(DEMO_LAYOUTS)
    with pytest.raises(ValueError, match='number is 9'):
        demo_config(10.0, 15.0, 480, 640, number=9)


def test_series_continue() -> None:
    whole = list(training_configs(6, 120, 160))
    assert whole == [*training_configs(2, 120, 160), *training_configs(4, 120, 160, first=2)]
    with pytest.raises(ValueError, match='count is -1'):
        list(training_configs(-1, 120, 160))
