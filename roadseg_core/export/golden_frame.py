"""Choose the golden frame of a model: of several pictures the one whose labels are surest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import onnx

from roadseg_core.engines import EngineOptions
from roadseg_core.engines.openvino import OpenVinoEngine
from roadseg_core.files import write_atomically
from roadseg_core.golden_frame import GoldenFrame, GoldenFrameError, fitted
from roadseg_core.model_file import ModelFile, read_model, write_metadata
from roadseg_core.pipeline.picture_file import read_picture
from roadseg_core.rendering import LAYOUTS, Drive, DriveConfig
from roadseg_core.sources.pictures import picture_files

LEAST_CLASSES = 4
"""Classes that a golden frame shows, or all of a model that has fewer."""

LEAST_SHARE = 0.03
"""Share of the pixels that each of them has."""

_LONGER_SIDE = 240
_PICTURES = 16
_SEED = 7


def add_golden_frame(model: Path, pictures: Path | None = None) -> GoldenFrame:
    """
    Store a golden frame in a model file; its graph stays as it is.

    The labels are those of OpenVINO in fp32 on this machine's CPU.

    :param pictures: folder to choose the picture from, which is then part of the file; None:
        rendered streets
    :raises GoldenFrameError: if no picture shows enough classes, or the file is in int8
    """
    file = read_model(model)
    golden = choose_golden_frame(file, pictures)
    graph = onnx.load_from_string(file.content)
    write_metadata(graph, replace(file.info, golden_frame=golden))
    with write_atomically(model) as temporary:
        onnx.save(graph, temporary)
    return golden


def choose_golden_frame(model: ModelFile, pictures: Path | None = None) -> GoldenFrame:
    """Return the picture that a model is surest of among those that show enough classes."""
    info = model.info
    if info.precision == 'int8':
        raise GoldenFrameError(
            f'{info.path} computes in int8, and the labels are to be those of fp32: add the '
            'golden frame to the file in fp32, and quantize that'
        )
    size, classes = info.geometry.input_size, len(info.label_map.names)
    least, most, best = min(LEAST_CLASSES, classes), 0, (0.0, None)
    options = EngineOptions(outputs=('labels', 'confidence'), precision='fp32')
    with closing(OpenVinoEngine(model, options)) as engine:
        for of, picture in _rendered(size) if pictures is None else _read(pictures, size):
            result = engine.infer(fitted(picture, size)[None])
            labels, sure = result.labels[0], float(result.confidence.mean())
            shown = int((np.bincount(labels.ravel()) >= LEAST_SHARE * labels.size).sum())
            most = max(most, shown)
            if shown >= least and sure > best[0]:
                best = sure, GoldenFrame.of_arrays(picture, labels, of)
    if best[1] is None:
        raise GoldenFrameError(
            f'no picture of {pictures or "rendered streets"} shows {least} classes on '
            f'{100 * LEAST_SHARE:g} % of its pixels each, {most} at most; choose from other '
            'pictures by: roadseg add-golden-frame MODEL --pictures FOLDER'
        )
    return best[1]


def _small(input_size: tuple[int, int]) -> tuple[int, int]:
    """Return the height and width that a picture is stored in."""
    scale = min(1.0, _LONGER_SIDE / max(input_size))
    height, width = (max(1, round(scale * side)) for side in input_size)
    return height, width


@cache
def _rendered(input_size: tuple[int, int]) -> tuple[tuple[str, np.ndarray], ...]:
    """Return a frame of a street of each family, with what it shows."""
    found = []
    for layout in LAYOUTS:
        height, width = (max(32, side) for side in _small(input_size))
        drive = Drive(DriveConfig(_SEED, layout, 1.0, 1.0, height, width))
        image = drive.render('front', 0).image
        found.append((f'a rendered street, {layout}', _shrunk(image, input_size)))
    return tuple(found)


def _read(folder: Path, input_size: tuple[int, int]) -> Iterator[tuple[str, np.ndarray]]:
    paths = picture_files(folder)
    for index in np.unique(np.linspace(0, len(paths) - 1, _PICTURES).astype(int)) if paths else ():
        yield paths[index].name, _shrunk(read_picture(paths[index]), input_size)


def _shrunk(image: np.ndarray, input_size: tuple[int, int]) -> np.ndarray:
    return cv2.resize(image, _small(input_size)[::-1], interpolation=cv2.INTER_AREA)
