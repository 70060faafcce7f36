"""Define and check the configuration of a training run."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from roadseg_core.data.dataset import SOURCES
from roadseg_core.geometry import MODES

Share = Annotated[float, Field(ge=0.0, le=1.0)]
AtLeastZero = Annotated[float, Field(ge=0.0)]
Size = tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]]
Option = bool | int | float | str | list[str] | list[int] | list[float] | None


class ConfigError(ValueError):
    """A configuration that cannot be used; the message names the file and the key."""


class TrainingSection(BaseModel):
    """A part of the configuration: no unknown keys, no changes."""

    model_config = ConfigDict(extra='forbid', frozen=True)


class NetworkSection(TrainingSection):
    """
    Say which network to train.

    ``stem_weights`` are pretrained weights for its stem: a file that ships with the program, a
    file of yours (absolute, below the data root or the working directory) or a URL; without, the
    network starts at random.
    """

    name: str
    arguments: dict[str, Option] = {}
    stem_weights: str | None = None


class SourceSection(TrainingSection):
    """
    Name a data set.

    ``repeat`` is how often an epoch goes through it, ``frames`` how many frames of it to take or
    to render, ``split`` what it is called there, ``options`` the data set's own options.
    """

    name: str
    split: str | None = None
    repeat: int = Field(default=1, ge=1)
    frames: int | None = Field(default=None, ge=1)
    options: dict[str, Option] = {}

    @field_validator('name')
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name not in SOURCES:
            raise ValueError(f'{name!r}; expected one of {list(SOURCES)}')
        return name


class DataSection(TrainingSection):
    """
    Say where the data is and what it becomes.

    ``root`` falls back to ``$ROADSEG_DATA``; ``label_map`` is a name or a YAML file;
    ``geometry`` and ``share`` say how camera images become the input, in training and on the
    vehicle, see :class:`roadseg_core.geometry.Geometry`; ``in_memory`` keeps decoded frames, for
    data sets that fit; ``workers`` are processes that augment, 0 for none.
    """

    root: str | None = None
    label_map: str = 'seven'
    geometry: Literal[MODES] = 'stretch'
    share: float = Field(default=1.0, gt=0.0, le=1.0)
    input_size: Size = (320, 480)
    train: tuple[SourceSection, ...] = Field(min_length=1)
    validation: tuple[SourceSection, ...] = Field(min_length=1)
    workers: int = Field(default=1, ge=0)
    in_memory: bool = True


class Augmentation(TrainingSection):
    """
    Say how far samples are changed; by default not at all.

    - ``flip``: probability of mirroring left and right
    - ``crop``: probability of a random cut-out in the place of the whole frame; it keeps a share
      between the two of ``area`` of the largest one of its width / height, which lies between the
      two of ``aspect``
    - ``gamma``, ``gain``, ``tint``: largest change of the exponent, of brightness and of one
      colour channel, as a factor's logarithm
    - ``contrast``, ``saturation``: largest change, as a share
    - ``offset``: largest change of the black level, in grey levels
    - ``hue``: largest turn of the hue, in degrees
    - ``noise``: largest standard deviation of pixel noise, in grey levels
    - ``blur``, ``shadow``: probability of a slight blur, and of a shadow across the road
    """

    flip: Share = 0.0
    crop: Share = 0.0
    area: tuple[Annotated[float, Field(gt=0.0)], Share] = (0.3, 1.0)
    aspect: tuple[float, float] = (1.2, 2.4)
    gamma: AtLeastZero = 0.0
    gain: AtLeastZero = 0.0
    contrast: Share = 0.0
    tint: AtLeastZero = 0.0
    offset: AtLeastZero = 0.0
    saturation: Share = 0.0
    hue: Annotated[float, Field(ge=0.0, le=180.0)] = 0.0
    noise: AtLeastZero = 0.0
    blur: Share = 0.0
    shadow: Share = 0.0


class LossTerm(TrainingSection):
    """
    Weigh one loss; several add up.

    ``class_weights`` of cross entropy: ``median_frequency`` of the truth (Eigen and Fergus 2015),
    or one weight per class.
    """

    name: Literal['cross_entropy', 'dice', 'iou', 'lovasz'] = 'cross_entropy'
    weight: float = Field(default=1.0, gt=0.0)
    class_weights: Literal['none', 'median_frequency'] | tuple[AtLeastZero, ...] = 'none'

    @model_validator(mode='after')
    def _weights_have_a_use(self) -> LossTerm:
        if self.class_weights != 'none' and self.name != 'cross_entropy':
            raise ValueError(
                f'class_weights mean nothing to {self.name}: it counts every class alike'
            )
        return self


class OptimizerSection(TrainingSection):
    """
    Choose the optimizer.

    ``weight_decay`` is decoupled in AdamW and an L2 penalty in the others, on all weights or,
    with ``decay_of: convolutions``, on the kernels of convolutions alone (no bias, no batch norm,
    no transposed convolution); ``clip_norm`` is the largest norm of all gradients together, 0 for
    no limit.
    """

    name: Literal['adamw', 'adam', 'sgd'] = 'adamw'
    learning_rate: float = Field(default=1e-3, gt=0.0)
    weight_decay: AtLeastZero = 1e-6
    decay_of: Literal['all', 'convolutions'] = 'all'
    momentum: Share = 0.9
    clip_norm: AtLeastZero = 0.0


class ScheduleSection(TrainingSection):
    """
    Choose how the learning rate goes on.

    ``cosine`` to zero, ``poly``: (1 - progress) ** ``power``, ``step``: times ``decay`` after
    every epoch, or ``constant``; each after a linear warm-up of ``warmup_epochs``.
    """

    name: Literal['cosine', 'poly', 'step', 'constant'] = 'cosine'
    warmup_epochs: AtLeastZero = 0.0
    decay: float = Field(default=0.95, gt=0.0, le=1.0)
    power: float = Field(default=0.9, gt=0.0)


class CheckpointSection(TrainingSection):
    """
    Say when checkpoints are written and which stay.

    The newest ``keep`` of those written after an epoch stay, and the best by validation ``miou``
    (road IoU where only the road is known) or validation ``loss``. Within an epoch, what a resume
    needs is written every this many minutes; 0: never.
    """

    every_minutes: AtLeastZero = 2.0
    keep: int = Field(default=1, ge=1)
    best: Literal['miou', 'loss'] = 'miou'

    @model_validator(mode='before')
    @classmethod
    def _say_the_new_name(cls, values: dict) -> dict:
        if isinstance(values, dict) and 'every_steps' in values:
            raise ValueError('every_steps is every_minutes now: minutes between checkpoints')
        return values


class CardSection(TrainingSection):
    """What the model file says about itself."""

    card: str = 'a network of your own'
    data: str = 'not stated'
    licence: str = 'not stated'


class TrainingConfig(TrainingSection):
    """
    Everything a training run depends on.

    ``train_size`` is the (height, width) of the samples where it differs from the input size;
    ``init`` is a checkpoint or a model file to start from; ``batch_size`` counts the samples of
    all processes;
    ``ema_decay`` keeps a moving average of the weights, which is then validated and kept;
    ``auxiliary_weight`` is the share of each auxiliary head's loss, for networks that have them;
    ``patience`` ends the run after this many validations without a better one, 0 never;
    ``precision`` is that of the forward pass; ``auto`` times some steps in each that the machine
    has, and with ``threads`` 0 also the number of threads, and takes the fastest.
    """

    name: str
    output: str = 'build/training'
    network: NetworkSection
    data: DataSection
    augmentation: Augmentation = Augmentation()
    loss: tuple[LossTerm, ...] = Field(default=(LossTerm(),), min_length=1)
    optimizer: OptimizerSection = OptimizerSection()
    schedule: ScheduleSection = ScheduleSection()
    checkpoints: CheckpointSection = CheckpointSection()
    card: CardSection = CardSection()
    epochs: int = Field(ge=1)
    batch_size: int = Field(default=8, ge=1)
    drop_last: bool = False
    train_size: Size | None = None
    init: str | None = None
    auxiliary_weight: float = Field(default=0.4, gt=0.0)
    ema_decay: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    validate_every: int = Field(default=1, ge=1)
    patience: int = Field(default=0, ge=0)
    seed: int = Field(default=0, ge=0)
    device: Literal['auto', 'cpu', 'cuda'] = 'auto'
    precision: Literal['auto', 'fp32', 'bf16'] = 'auto'
    deterministic: bool = True
    threads: int = Field(default=0, ge=0)
    tensorboard: bool = True
    pictures: int = Field(default=4, ge=0)
