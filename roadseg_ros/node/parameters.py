"""Every parameter of the node: declared once, validated together."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import InvalidTopicNameException, ParameterException
from rclpy.node import Node
from rclpy.validate_topic_name import validate_topic_name

from roadseg_core.bags.message_types import camera_info_topic
from roadseg_core.engines import BACKENDS
from roadseg_core.ground import GridSpec
from roadseg_core.ground.projection import CLEARANCE, ROAD_THRESHOLD
from roadseg_core.health import HealthSettings
from roadseg_core.model_file import ModelInfo
from roadseg_core.pipeline.frame import OutputOptions
from roadseg_core.pipeline.outputs import OUTPUT_GEOMETRIES, OVERLAY_MODES

MAX_CAMERAS = 4
TRANSPORTS = ('raw', 'compressed')

_CAMERA_NAME = re.compile(r'[A-Za-z][A-Za-z0-9_]*')
# The node's own topics stand beside those of the cameras.
_RESERVED_NAMES = frozenset({'label_map', 'label_info', 'road_grid'})


class ParameterError(ValueError):
    """A parameter, or a combination, that the node cannot run with; it names the parameter."""


@dataclass(frozen=True)
class Parameter:
    """
    Declare one parameter.

    :param least: smallest value of a number, or None for none
    :param most: largest value of a number, or None for none
    :param choices: legal values of a string, or empty for any
    :param live: whether it may change while the node is configured
    """

    name: str
    default: Any
    description: str
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    live: bool = False

    def descriptor(self) -> ParameterDescriptor:
        """Describe the parameter, with its range, for ``ros2 param describe``."""
        text = self.description
        if self.choices:
            text += f' One of: {", ".join(self.choices)}.'
        if not self.live:
            text += ' Changes only while unconfigured.'
        descriptor = ParameterDescriptor(description=text)
        if self.least is not None and isinstance(self.default, float):
            descriptor.floating_point_range = [
                FloatingPointRange(from_value=self.least, to_value=self.most)
            ]
        elif self.least is not None:
            descriptor.integer_range = [
                IntegerRange(from_value=int(self.least), to_value=int(self.most), step=1)
            ]
        return descriptor

    def check(self, value: object) -> None:
        """Raise :class:`ParameterError` for a value out of range or of no choice."""
        if self.choices and value not in self.choices:
            raise ParameterError(
                f'{self.name}: {value!r}; expected one of {", ".join(self.choices)}'
            )
        if self.least is not None and not self.least <= value <= self.most:
            raise ParameterError(f'{self.name}: {value}; expected {self.least:g} to {self.most:g}')


PARAMETERS = (
    Parameter('autostart', True, 'Configure and activate at start.'),
    Parameter('model', '', 'Model file or training checkpoint; empty: the shipped model.'),
    Parameter(
        'label_map',
        '',
        'Label map that the model must have; two, which every model answers by its road mask, and '
        'empty: any.',
    ),
    Parameter('backend', 'auto', 'What runs the model.', choices=BACKENDS),
    Parameter('device', 'auto', "Device, in the backend's words."),
    Parameter(
        'precision',
        'auto',
        'Precision of inference.',
        choices=('auto', 'fp32', 'bf16', 'fp16', 'int8'),
    ),
    Parameter('threads', 0, 'CPU threads of inference; 0: chosen.', least=0, most=256),
    Parameter('pinning', False, 'Whether threads of inference stay on their cores.'),
    Parameter(
        'cache_dir',
        '',
        'Folder for compiled models; empty: openvino keeps none, '
        "tensorrt its plans in the user's cache.",
    ),
    Parameter('allow_build', True, 'Whether tensorrt may build a plan at start, for minutes.'),
    Parameter('fps', 15.0, 'Most frames/s of each camera.', least=0.1, most=240.0, live=True),
    Parameter(
        'batch_wait',
        0.01,
        'Longest wait of a batch for other due cameras, in seconds.',
        least=0.0,
        most=1.0,
        live=True,
    ),
    Parameter(
        'camera_timeout',
        1.0,
        'A camera not heard for so long is not waited for, in seconds.',
        least=0.01,
        most=3600.0,
        live=True,
    ),
    Parameter(
        'max_frame_age',
        0.5,
        'A frame that waited longer since its arrival is dropped, in seconds; 0: off.',
        least=0.0,
        most=3600.0,
        live=True,
    ),
    Parameter(
        'max_stamp_age',
        0.0,
        "A frame whose stamp is older on the node's clock is dropped, in seconds; 0: off.",
        least=0.0,
        most=3600.0,
        live=True,
    ),
    Parameter(
        'max_pixels',
        1 << 25,
        'Largest JPEG or PNG image that is decoded, in pixels.',
        least=1,
        most=1 << 28,
        live=True,
    ),
    Parameter(
        'reduce_jpeg',
        True,
        'Whether JPEG images are decoded at 1/2, 1/4 or 1/8 of their size where that is enough.',
        live=True,
    ),
    Parameter(
        'inference_timeout',
        2.0,
        'A node whose engine has not answered for so long ends, in seconds; 0: off.',
        least=0.0,
        most=3600.0,
        live=True,
    ),
    Parameter(
        'open_timeout',
        0.0,
        'A node whose engine has been opening for so long ends, in seconds; 0: off.',
        least=0.0,
        most=86400.0,
        live=True,
    ),
    Parameter(
        'least_output',
        0.9,
        'Share of the frames due that must come out; below it diagnostics warn.',
        least=0.0,
        most=1.0,
        live=True,
    ),
    Parameter(
        'withhold_unusable',
        False,
        'Whether label, road_mask and confidence of a camera that is unusable are withheld.',
        live=True,
    ),
    *(
        Parameter(
            f'health_{threshold.name}',
            threshold.default,
            f'{threshold.metadata["about"]} 0: off.',
            least=0.0,
            most=threshold.metadata['most'],
            live=True,
        )
        for threshold in fields(HealthSettings)
    ),
    Parameter('camera_names', ['front'], f'1 to {MAX_CAMERAS} names of cameras.'),
    Parameter(
        'output_geometry',
        'camera',
        'Size and shape of what is published.',
        choices=OUTPUT_GEOMETRIES,
    ),
    Parameter(
        'road_threshold',
        0.0,
        'Least road probability of the road mask; 0: the labels '
        'decide. Changes live, except from and to 0.',
        least=0.0,
        most=1.0,
        live=True,
    ),
    Parameter(
        'overlay_mode', 'palette', 'What the overlay paints.', choices=OVERLAY_MODES, live=True
    ),
    Parameter('overlay_alpha', 0.5, 'Weight of the paint.', least=0.0, most=1.0, live=True),
    Parameter(
        'overlay_jpeg_quality',
        80,
        'JPEG quality of overlay/compressed.',
        least=1,
        most=100,
        live=True,
    ),
    Parameter('label_rle', False, 'Whether label_rle, for Autoware, is offered.'),
    Parameter('base_frame', 'base_link', 'Frame of the ground grids, the ground its plane z = 0.'),
    *(
        Parameter(name, default, f'{text}, in metres.', least=least, most=1000.0)
        for name, default, least, text in (
            ('grid_length', 40.0, 0.1, 'Length of the ground grids, along x'),
            ('grid_width', 40.0, 0.1, 'Width of the ground grids, along y'),
            ('grid_resolution', 0.1, 0.01, 'Side of a cell'),
            ('grid_x', 0.0, -1000.0, 'x of the middle of the ground grids'),
            ('grid_y', 0.0, -1000.0, 'y of the middle of the ground grids'),
        )
    ),
    Parameter(
        'grid_road_threshold',
        ROAD_THRESHOLD,
        'Least probability of road in the ground grids; 0: the labels decide.',
        least=0.0,
        most=1.0,
    ),
    Parameter(
        'grid_clearance',
        CLEARANCE,
        'Height of the bodies of vehicles over the ground, in metres.',
        least=0.0,
        most=10.0,
    ),
    Parameter(
        'grid_max_age',
        0.5,
        'A camera whose newest frame is older is left out of road_grid, in seconds.',
        least=0.01,
        most=3600.0,
        live=True,
    ),
    Parameter(
        'diagnostics_period',
        1.0,
        'Time between diagnostics, in seconds.',
        least=0.05,
        most=3600.0,
        live=True,
    ),
)


def camera_parameters(camera: str) -> tuple[Parameter, ...]:
    """Return the parameters that every camera has."""
    return (
        Parameter(
            f'{camera}.image_topic',
            f'camera/{camera}/image_raw',
            "Topic of the images, in the node's namespace unless it begins with /; with compressed "
            'transport /compressed is added.',
        ),
        Parameter(f'{camera}.transport', 'raw', 'How images come.', choices=TRANSPORTS),
        Parameter(
            f'{camera}.camera_info_topic',
            '',
            'Topic of CameraInfo; empty: camera_info beside the images.',
        ),
        Parameter(
            f'{camera}.pose',
            [0.0] * 6,
            'x, y, z (metres), roll, pitch, yaw (radians) of the optical frame in base_frame; '
            'zeros: by tf.',
        ),
        Parameter(
            f'{camera}.hood',
            0.0,
            "Share of the image's height, at its lower end, that shows the own vehicle.",
            least=0.0,
            most=0.9,
        ),
        Parameter(f'{camera}.rectified', False, 'Whether the images are rectified.'),
    )


@dataclass(frozen=True)
class CameraSettings:
    """
    Say where one camera's frames come from, and where it is.

    :param pose: as :class:`roadseg_core.ground.Pose` takes it; None: tf knows it
    """

    name: str
    image_topic: str
    transport: str
    camera_info_topic: str
    pose: tuple[float, ...] | None
    hood: float
    rectified: bool


@dataclass(frozen=True)
class NodeSettings:
    """The values of all parameters, checked; times in seconds."""

    autostart: bool
    model: str
    label_map: str
    backend: str
    device: str
    precision: str
    threads: int
    pinning: bool
    cache_dir: str
    allow_build: bool
    fps: float
    batch_wait: float
    camera_timeout: float
    max_frame_age: float
    max_stamp_age: float
    max_pixels: int
    reduce_jpeg: bool
    inference_timeout: float
    open_timeout: float
    least_output: float
    withhold_unusable: bool
    health: HealthSettings
    camera_names: tuple[str, ...]
    output_geometry: str
    road_threshold: float
    overlay_mode: str
    overlay_alpha: float
    overlay_jpeg_quality: int
    label_rle: bool
    base_frame: str
    grid_length: float
    grid_width: float
    grid_resolution: float
    grid_x: float
    grid_y: float
    grid_road_threshold: float
    grid_clearance: float
    grid_max_age: float
    diagnostics_period: float
    cameras: tuple[CameraSettings, ...]

    @property
    def grid(self) -> GridSpec:
        """Say which cells the ground grids have; ValueError where that cannot be."""
        return GridSpec(
            self.grid_length, self.grid_width, self.grid_resolution, self.grid_x, self.grid_y
        )

    @property
    def output_options(self) -> OutputOptions:
        """Say how output images are made."""
        return OutputOptions(
            output_geometry=self.output_geometry,
            road_threshold=self.road_threshold,
            overlay_mode=self.overlay_mode,
            overlay_alpha=self.overlay_alpha,
        )


def check_camera_names(names: tuple[str, ...]) -> None:
    """Raise :class:`ParameterError` for names that topics and parameters cannot be made of."""
    if not 1 <= len(names) <= MAX_CAMERAS:
        raise ParameterError(
            f'camera_names: {len(names)} cameras {list(names)}; expected 1 to {MAX_CAMERAS}'
        )
    for name in names:
        if not _CAMERA_NAME.fullmatch(name) or name in _RESERVED_NAMES:
            raise ParameterError(
                f'camera_names: {name!r}; expected a letter, then letters, digits or _, and '
                f'none of {sorted(_RESERVED_NAMES)}'
            )
    if len(set(names)) != len(names):
        raise ParameterError(f'camera_names: {list(names)} names a camera twice')


def make_settings(values: Mapping[str, Any]) -> NodeSettings:
    """
    Check all values together.

    :param values: the value of every parameter by name, those of the cameras too
    :raises ParameterError: naming the parameter, what was found and what was expected
    """
    plain = {parameter.name: values[parameter.name] for parameter in PARAMETERS}
    for parameter in PARAMETERS:
        parameter.check(values[parameter.name])
    thresholds = {f.name: plain.pop(f'health_{f.name}') for f in fields(HealthSettings)}
    plain['health'] = HealthSettings(**thresholds)
    names = tuple(values['camera_names'])
    check_camera_names(names)
    cameras = []
    for name in names:
        for parameter in camera_parameters(name):
            parameter.check(values[parameter.name])
        topic = values[f'{name}.image_topic']
        if not topic:
            raise ParameterError(f'{name}.image_topic: is empty; expected the name of a topic')
        info_topic = values[f'{name}.camera_info_topic'] or camera_info_topic(topic)
        transport = values[f'{name}.transport']
        if transport == 'compressed' and not topic.endswith('/compressed'):
            topic = f'{topic}/compressed'
        for parameter, value in (('image_topic', topic), ('camera_info_topic', info_topic)):
            try:
                validate_topic_name(value)
            except InvalidTopicNameException as error:
                raise ParameterError(f'{name}.{parameter}: {error}') from error
        pose = tuple(values[f'{name}.pose'])
        if len(pose) != 6:
            raise ParameterError(
                f'{name}.pose: {list(pose)}; expected six numbers: x, y, z, roll, pitch, yaw'
            )
        cameras.append(
            CameraSettings(
                *(name, topic, transport, info_topic, pose if any(pose) else None),
                hood=values[f'{name}.hood'],
                rectified=values[f'{name}.rectified'],
            )
        )
    if not plain['base_frame']:
        raise ParameterError('base_frame: is empty; expected the name of a frame, as base_link')
    settings = NodeSettings(**{**plain, 'camera_names': names}, cameras=tuple(cameras))
    try:
        _ = settings.grid
    except ValueError as error:
        raise ParameterError(f'grid_length, grid_width, grid_resolution: {error}') from error
    return settings


def check_model(settings: NodeSettings, info: ModelInfo) -> None:
    """Raise :class:`ParameterError` for a parameter that the model file does not answer."""
    if settings.label_map not in ('', 'two', info.label_map.name):
        raise ParameterError(
            f'label_map: {settings.label_map!r}, but {info.path} has {info.label_map.name!r}; '
            'set model to a file of that label map'
        )
    if settings.road_threshold > 0.0 and 'road_probability' not in info.outputs:
        raise ParameterError(
            f'road_threshold: {settings.road_threshold:g}, but {info.path} computes no '
            f'road_probability; it computes {", ".join(info.outputs)}: set 0.0, where the labels '
            'decide, or export the model again'
        )


def check_cache_folder(settings: NodeSettings) -> None:
    """Make the folder that ``cache_dir`` names; :class:`ParameterError` where that cannot be."""
    if settings.cache_dir:
        try:
            Path(settings.cache_dir).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ParameterError(
                f'cache_dir: {settings.cache_dir!r} cannot be a folder: {error.strerror}; '
                'name another one'
            ) from error


def declare(node: Node, parameters: tuple[Parameter, ...]) -> None:
    """
    Declare the parameters that the node does not have yet.

    :raises ParameterError: for a value of another type, such as ``fps: 10``, or out of range
    """
    for parameter in parameters:
        if not node.has_parameter(parameter.name):
            try:
                node.declare_parameter(parameter.name, parameter.default, parameter.descriptor())
            except ParameterException as error:
                example = json.dumps(parameter.default)
                raise ParameterError(f'{error}; such as {example}, its default') from error


def read_settings(node: Node, changes: Mapping[str, Any] | None = None) -> NodeSettings:
    """
    Read and check the node's parameters, with ``changes`` put over them.

    :raises ParameterError: if they do not fit
    """
    changes = changes or {}
    names = tuple(changes.get('camera_names', node.get_parameter('camera_names').value))
    check_camera_names(names)
    values = {}
    for parameter in (*PARAMETERS, *(p for name in names for p in camera_parameters(name))):
        held = (
            node.get_parameter(parameter.name).value
            if node.has_parameter(parameter.name)
            else parameter.default
        )
        values[parameter.name] = changes.get(parameter.name, held)
    return make_settings(values)


def is_live(name: str, old: NodeSettings, new: NodeSettings) -> bool:
    """Tell whether a parameter may change while the node is configured."""
    if name == 'road_threshold':
        return (old.road_threshold > 0.0) == (new.road_threshold > 0.0)
    return any(parameter.live for parameter in PARAMETERS if parameter.name == name)
