"""The options of data sets, as a training configuration or a command line states them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from roadseg_core.data.framing import Framing
from roadseg_core.data.source import DataError
from roadseg_core.yaml_file import YamlError, parse_value

Count = Annotated[int, Field(ge=1)]
Size = tuple[Count, Count]


def _to_fraction(value: object) -> object:
    try:
        return Fraction(value) if isinstance(value, str) else value
    except ZeroDivisionError as error:
        raise ValueError('division by zero') from error


Scale = Annotated[Fraction, Field(gt=0, le=4), BeforeValidator(_to_fraction)]


class CacheOptions(BaseModel):
    """
    Options of every data set.

    :param cache: keep the frames ready to use in one compressed file: ``true`` for
        ``.roadseg_cache`` beside the data set, or a folder
    :param on_error: what a missing or damaged file does: ``fail``, or ``skip`` the frame
    :param frames: use this many frames, drawn evenly (rendered drives: render this many)
    """

    model_config = ConfigDict(extra='forbid', frozen=True)

    cache: bool | str = False
    on_error: Literal['fail', 'skip'] = 'fail'
    frames: Count | None = None


class FileOptions(CacheOptions):
    """
    Options of every data set that is read from image files.

    :param folder: where it lies below the root (or absolute): a folder, an archive, or a list of
        archives
    :param label_set: YAML file of what its ids are and become, for reductions of your own
    :param void: whether void truth is ignored, or a class where the label map has one
    :param unknown: what ids and colours outside the label set do: ``fail``, or ``ignore`` them
    :param crop: (height, width) of the middle part that is used, or ``square``
    :param size: (height, width) to resize to
    :param scale: factor to resize by, such as 0.5 or ``1/3``
    """

    folder: str | tuple[str, ...] | None = None
    label_set: str | None = None
    void: Literal['ignore', 'class'] = 'ignore'
    unknown: Literal['fail', 'ignore'] = 'fail'
    crop: Size | Literal['square'] | None = None
    size: Size | None = None
    scale: Scale | None = None

    def framing(self) -> Framing:
        """Return what crop, size and scale say together."""
        return Framing(self.crop, self.size, self.scale or Fraction(1))


Options = TypeVar('Options', bound=CacheOptions)


def parse_options(
    kind: type[Options], options: Mapping[str, object] | None, data_set: str
) -> Options:
    """
    Check the options of a data set.

    :param kind: the options that the data set has
    :raises DataError: names the data set and the key, and the keys that there are
    """
    try:
        parsed = kind.model_validate(dict(options or {}))
    except ValidationError as error:
        # A choice of types is reported once for each, and a list with wrong items as too short;
        # the key says enough once, with the reason that helps most.
        errors = sorted(error.errors(), key=lambda item: item['type'] != 'too_short')
        reasons = {
            str(item['loc'][0]): (
                'no such option'
                if item['type'] == 'extra_forbidden'
                else f'{item["msg"]}; found {item["input"]!r}'
            )
            for item in errors
        }
        raise DataError(
            f'options of {data_set}: '
            + '; '.join(f'{key}: {reason}' for key, reason in reasons.items())
            + f'. The options are {", ".join(sorted(kind.model_fields))}'
        ) from error
    if {'size', 'scale'} <= parsed.model_fields_set:
        raise DataError(f'options of {data_set}: size and scale are both set; give one')
    return parsed


def read_options(arguments: Sequence[str]) -> dict[str, object]:
    """Read options written as ``key=value``, values as YAML; DataError for other arguments."""
    options = {}
    for argument in arguments:
        key, equals, text = argument.partition('=')
        if not key or not equals:
            raise DataError(f'option {argument!r}; expected key=value, such as crop=square')
        try:
            value = parse_value(text)
        except YamlError:
            value = text
        # No option is a mapping: {split} is a piece of a path.
        options[key] = text if isinstance(value, dict) else value
    return options
