"""The training configuration: YAML, checked, with ``key=value`` overrides."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from roadseg_core.training.augmentation import Augmentation

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Size = tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]]


class ConfigError(ValueError):
    """A configuration that cannot be used; the message names the file and the key."""


class _Section(BaseModel):
    model_config = ConfigDict(extra='forbid', frozen=True)


class NetworkSection(_Section):
    """Which network, its arguments, and ImageNet weights (under the data root) for its stem."""

    name: str
    arguments: dict[str, bool | int | float | str] = {}
    stem_weights: str | None = None


class SourceSection(_Section):
    """A data set: its name, how often an epoch repeats it, how many frames to render."""

    name: Literal['camvid', 'kitti_road', 'rendered']
    repeat: int = Field(default=1, ge=1)
    frames: int | None = Field(default=None, ge=1)


class DataSection(_Section):
    """Where the data is and what it becomes; ``root`` falls back to ``$ROADSEG_DATA``."""

    root: str | None = None
    label_map: Literal['seven', 'two'] = 'seven'
    geometry: Literal['stretch'] = 'stretch'
    input_size: Size = (320, 480)
    train: tuple[SourceSection, ...] = Field(min_length=1)
    validation: tuple[SourceSection, ...] = Field(min_length=1)
    workers: int = Field(default=1, ge=0)


class AugmentationSection(_Section):
    """See :class:`roadseg_core.training.augmentation.Augmentation`."""

    flip: Share = 0.0
    crop: Share = 0.0
    area: tuple[Annotated[float, Field(gt=0.0)], Share] = (0.3, 1.0)
    aspect: tuple[float, float] = (1.2, 2.4)
    gamma: float = Field(default=0.0, ge=0.0)
    gain: float = Field(default=0.0, ge=0.0)
    tint: float = Field(default=0.0, ge=0.0)
    offset: float = Field(default=0.0, ge=0.0)
    saturation: Share = 0.0
    noise: float = Field(default=0.0, ge=0.0)
    blur: Share = 0.0

    def build(self) -> Augmentation:
        """Return the plain value."""
        return Augmentation(**self.model_dump())


class OptimizerSection(_Section):
    """AdamW with a linear warm-up and a cosine down to zero."""

    learning_rate: float = Field(default=1e-3, gt=0.0)
    warmup_epochs: float = Field(default=1.0, ge=0.0)
    weight_decay: float = Field(default=1e-6, ge=0.0)


class CardSection(_Section):
    """What the model file says about itself."""

    card: str = 'a network of your own'
    data: str = 'not stated'
    licence: str = 'not stated'


class TrainingConfig(_Section):
    """
    Everything a training run depends on.

    ``train_size`` is the (height, width) of the samples where it differs from the input size;
    ``init`` is a checkpoint to start from.
    """

    name: str
    output: str = 'build/training'
    network: NetworkSection
    data: DataSection
    augmentation: AugmentationSection = AugmentationSection()
    optimizer: OptimizerSection = OptimizerSection()
    card: CardSection = CardSection()
    epochs: int = Field(ge=1)
    batch_size: int = Field(default=8, ge=1)
    train_size: Size | None = None
    init: str | None = None
    validate_every: int = Field(default=1, ge=1)
    seed: int = Field(default=0, ge=0)
    precision: Literal['fp32', 'bf16'] = 'fp32'
    threads: int = Field(default=0, ge=0)


def load_config(path: str | Path, overrides: Sequence[str] = ()) -> TrainingConfig:
    """
    Read a YAML file and apply overrides such as ``optimizer.learning_rate=0.01``.

    :raises ConfigError: if the file, a key or a value is wrong; the message names it
    """
    try:
        values = yaml.safe_load(Path(path).read_text(encoding='utf-8'))
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(f'{path}: no readable YAML: {error}') from error
    if not isinstance(values, dict):
        raise ConfigError(f'{path}: a configuration is a mapping; found {type(values).__name__}')
    for override in overrides:
        key, equals, text = override.partition('=')
        if not equals or not key:
            raise ConfigError(f'override {override!r}; expected key=value, such as epochs=3')
        section = values
        *parents, last = key.split('.')
        for parent in parents:
            section = section.setdefault(parent, {})
            if not isinstance(section, dict):
                raise ConfigError(f'override {override!r}: {parent} is a value, not a section')
        try:
            section[last] = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ConfigError(f'override {override!r}: no YAML value: {error}') from error
    try:
        return TrainingConfig.model_validate(values)
    except ValidationError as error:
        reasons = '; '.join(
            f'{".".join(str(part) for part in item["loc"])}: {item["msg"]}'
            for item in error.errors())
        raise ConfigError(f'{path}: {reasons}') from error
