"""The model file: an ONNX graph that describes itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError, Message

from roadseg_core.geometry import Geometry, GeometryError
from roadseg_core.golden_frame import GoldenFrame, GoldenFrameError
from roadseg_core.labels import LabelMap, LabelMapError

FORMAT_VERSION = 1
INPUT = 'frames'
OUTPUTS = ('labels', 'road_probability', 'confidence')
PRECISIONS = ('fp32', 'fp16', 'int8')
MAX_BATCH = 4
"""Largest batch of the files that the project writes: a node has up to four cameras."""

_KEY = 'roadseg'
_VERSION_KEY = 'roadseg_format'
_GOLDEN_KEY = 'roadseg_golden_frame'
_PLAIN = (
    'network',
    'network_arguments',
    'max_batch',
    'precision',
    'licence',
    'card',
    'data',
    'metrics',
    'commit',
    'agreement',
)
"""The metadata of plain JSON types, in the order of the file."""

_HOW_TO_EXPORT = 'export one with: roadseg export CHECKPOINT --output model.onnx'


class ModelFileError(ValueError):
    """A file that is no model file of this project; the message says how to get one."""


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """
    Say what a model file holds, or a checkpoint.

    :param sha256: of the whole file, in hexadecimal; empty for one that is yet to be written
    :param max_batch: the largest number of frames in one call
    :param outputs: those of :data:`OUTPUTS` that the file has
    :param agreement: how well the file agreed with PyTorch at export
    :param temperature: that the scores are divided by before they become probabilities
    :param golden_frame: on which every engine is tried when it opens; None in older files
    """

    path: Path
    sha256: str = ''
    label_map: LabelMap
    geometry: Geometry
    network: str
    network_arguments: dict
    max_batch: int = MAX_BATCH
    outputs: tuple[str, ...] = OUTPUTS
    precision: str = 'fp32'
    licence: str
    card: str
    data: str
    metrics: dict = field(default_factory=dict)
    commit: str = ''
    agreement: dict = field(default_factory=dict)
    temperature: float = 1.0
    golden_frame: GoldenFrame | None = None


@dataclass(frozen=True)
class ModelFile:
    """
    Hold a model file that was read: what runs is what was checked, whatever becomes of the file.

    :param content: the whole file, whose hash is ``info.sha256``
    """

    info: ModelInfo
    content: bytes = field(repr=False)


def read_model_info(path: str | Path) -> ModelInfo:
    """Read and check a model file as :func:`read_model` does; return what it holds."""
    return read_model(path).info


def read_model(path: str | Path) -> ModelFile:
    """
    Read and check a model file.

    :raises ModelFileError: if the file is missing, damaged, has no metadata, is of a newer
        format, has other inputs or outputs than its metadata says or keeps weights in other files
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelFileError(f'{path}: cannot read the model file: {error.strerror}') from error
    try:
        model = onnx.load_from_string(data)
    except DecodeError as error:
        raise ModelFileError(
            f'{path}: no ONNX file, or a damaged one ({len(data)} bytes); {_HOW_TO_EXPORT}'
        ) from error
    properties = {entry.key: entry.value for entry in model.metadata_props}
    values = _metadata(path, properties)
    try:
        info = ModelInfo(
            path=path,
            sha256=hashlib.sha256(data).hexdigest(),
            label_map=LabelMap.from_dict(values['label_map']),
            geometry=Geometry.from_dict(values['geometry']),
            outputs=tuple(output.name for output in model.graph.output),
            # Files of before it was known have none.
            temperature=values.get('temperature', 1.0),
            golden_frame=_golden_frame(properties),
            **{name: values[name] for name in _PLAIN},
        )
    except (KeyError, TypeError, LabelMapError, GeometryError, GoldenFrameError) as error:
        raise ModelFileError(
            f'{path}: metadata with a missing or wrong entry: {error}; {_HOW_TO_EXPORT}'
        ) from error
    for problem in _problems(info, model):
        raise ModelFileError(f'{path}: {problem}; {_HOW_TO_EXPORT}')
    return ModelFile(info, data)


def write_metadata(model: onnx.ModelProto, info: ModelInfo) -> None:
    """
    Write the metadata into an ONNX model, in place.

    :param info: what the file is to say; its path, hash and outputs are those of the file itself
    :raises ModelFileError: for an unknown precision or a batch of no frame
    """
    if info.precision not in PRECISIONS:
        raise ModelFileError(f'precision {info.precision!r}; expected one of {PRECISIONS}')
    if info.max_batch < 1:
        raise ModelFileError(f'max_batch {info.max_batch}; expected at least 1')
    values = {
        'label_map': info.label_map.to_dict(),
        'geometry': info.geometry.to_dict(),
        **{name: getattr(info, name) for name in (*_PLAIN, 'temperature')},
    }
    properties = {_VERSION_KEY: str(FORMAT_VERSION), _KEY: json.dumps(values)}
    if info.golden_frame is not None:
        # Apart from the rest: those who only print the metadata need not see it.
        properties[_GOLDEN_KEY] = json.dumps(info.golden_frame.to_dict())
    onnx.helper.set_model_props(model, properties)


def _golden_frame(properties: dict[str, str]) -> GoldenFrame | None:
    text = properties.get(_GOLDEN_KEY)
    if text is None:
        return None
    try:
        return GoldenFrame.from_dict(json.loads(text))
    except json.JSONDecodeError as error:
        raise GoldenFrameError(f'golden frame that is no JSON: {error}') from error


def _metadata(path: Path, properties: dict[str, str]) -> dict:
    if _KEY not in properties or _VERSION_KEY not in properties:
        raise ModelFileError(
            f'{path}: an ONNX file without the metadata of this project (label map, geometry, '
            f'...); {_HOW_TO_EXPORT}'
        )
    version = properties[_VERSION_KEY]
    if not version.isdecimal() or not 1 <= int(version) <= FORMAT_VERSION:
        raise ModelFileError(
            f'{path}: model file of format {version!r}; this version reads 1 to '
            f'{FORMAT_VERSION}: update roadseg_ros, or {_HOW_TO_EXPORT}'
        )
    try:
        values = json.loads(properties[_KEY])
    except json.JSONDecodeError as error:
        raise ModelFileError(
            f'{path}: metadata that is no JSON: {error}; {_HOW_TO_EXPORT}'
        ) from error
    if not isinstance(values, dict):
        raise ModelFileError(f'{path}: metadata that is no JSON object; {_HOW_TO_EXPORT}')
    return values


def _problems(info: ModelInfo, model: onnx.ModelProto) -> Iterator[str]:
    """List what is wrong with a file's metadata or graph, so that engines could not rely on it."""
    graph = model.graph
    # type(), since to Python true is an int.
    if type(info.max_batch) is not int or info.max_batch < 1:
        yield f'max_batch {info.max_batch!r}; expected at least 1'
    for name in ('network', 'licence', 'card', 'data', 'commit'):
        if not isinstance(getattr(info, name), str):
            yield f'{name} {getattr(info, name)!r}; expected a text'
    if type(info.temperature) not in (int, float) or not info.temperature > 0:
        yield f'temperature {info.temperature!r}; expected a number over 0'
    if not graph.node:
        yield 'a graph without operations'
    if info.precision not in PRECISIONS:
        yield f'precision {info.precision!r}; expected one of {PRECISIONS}'
    inputs = [value.name for value in graph.input]
    if inputs != [INPUT]:
        yield f'inputs {inputs}; expected one, {INPUT!r}'
    size = list(info.geometry.input_size)
    yield from _wrong_value(graph.input[0], [*size, 3])
    if 'labels' not in info.outputs or not set(info.outputs) <= set(OUTPUTS):
        yield f'outputs {info.outputs}; expected labels and some of {OUTPUTS[1:]}'
    for value in graph.output:
        yield from _wrong_value(value, size)
    yield from _weights_elsewhere(model)


def _wrong_value(value: onnx.ValueInfoProto, sizes: list[int]) -> Iterator[str]:
    tensor = value.type.tensor_type
    found = [dim.dim_value for dim in tensor.shape.dim]
    if tensor.elem_type != onnx.TensorProto.UINT8 or found[1:] != sizes or found[0] != 0:
        kind = onnx.TensorProto.DataType.Name(tensor.elem_type).lower()
        shape = ['N' if not dim else dim for dim in found]
        yield f'{value.name} is {kind} {shape}; expected uint8 {["N", *sizes]}'


def _weights_elsewhere(message: Message) -> Iterator[str]:
    """Find weights in other files, wherever in the graph: the hash says nothing of them."""
    if isinstance(message, onnx.TensorProto):
        if message.data_location == onnx.TensorProto.EXTERNAL:
            yield (
                f'the weights {message.name!r} are in another file; expected all of them in this '
                'one'
            )
        return
    for kind, value in message.ListFields():
        if kind.message_type is not None:
            for part in value if isinstance(value, Iterable) else (value,):
                yield from _weights_elsewhere(part)
