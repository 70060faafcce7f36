"""The demo's drives are never trained on."""

from __future__ import annotations

from roadseg_core.rendering import LAYOUTS, demo_config
from roadseg_core.rendering.config import DEMO_LAYOUTS, TRAINING_LAYOUTS, training_configs


def test_training_never_sees_the_demo() -> None:
    configs = list(training_configs(500, 120, 160))
    assert len(configs) == 500
    demo = demo_config(10.0, 15.0, 480, 640)
    assert demo.seed not in {config.seed for config in configs}
    assert demo.layout in DEMO_LAYOUTS
    assert not {config.layout for config in configs} & set(DEMO_LAYOUTS)
    assert len({config.seed for config in configs}) == 500


def test_layouts_are_split_in_two() -> None:
    assert set(DEMO_LAYOUTS) | set(TRAINING_LAYOUTS) == set(LAYOUTS)
    assert not set(DEMO_LAYOUTS) & set(TRAINING_LAYOUTS)


def test_series_continue() -> None:
    whole = list(training_configs(6, 120, 160))
    assert whole == [*training_configs(2, 120, 160), *training_configs(4, 120, 160, first=2)]
