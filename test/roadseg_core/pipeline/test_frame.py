"""Images of a frame are the same, made together or alone, in any memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from roadseg_core.engines import open_engine
from roadseg_core.geometry import MODES, Geometry
from roadseg_core.labels import LABEL_MAPS
from roadseg_core.model_file import read_model
from roadseg_core.pipeline.compressed import check_file
from roadseg_core.pipeline.frame import FRAME_OUTPUTS, Frame, FrameImages, OutputOptions
from roadseg_core.pipeline.outputs import OUTPUT_GEOMETRIES
from roadseg_core.pipeline.segmentation import Segmentation
from roadseg_core.rendering import Drive, demo_config

MODEL = Path(__file__).parents[3] / 'models/mobilenet_fcn_0.5.onnx'


@pytest.mark.parametrize('output_geometry', OUTPUT_GEOMETRIES)
@pytest.mark.parametrize('mode', MODES)
@pytest.mark.parametrize('road_ids', [(2,), (1, 2)])
def test_images_do_not_depend_on_what_else_is_made(
    mode: str, output_geometry: str, road_ids: tuple[int, ...]
) -> None:
    noise = np.random.default_rng(1)
    image = noise.integers(0, 256, (90, 130, 3), np.uint8)
    place = np.empty((32, 48, 3), np.uint8)
    frame = Frame.placed(image, Geometry(mode, (32, 48)), place)
    labels, confidence = (noise.integers(0, n, (1, 32, 48), np.uint8) for n in (7, 256))
    result = Segmentation(labels=labels, confidence=confidence)
    label_map = replace(LABEL_MAPS['seven'], road_ids=road_ids)
    options = OutputOptions(output_geometry=output_geometry)
    together = FrameImages(frame, result, 0, label_map, options)
    for output in FRAME_OUTPUTS:
        alone = FrameImages(frame, result, 0, label_map, options).make(output)
        assert alone.shape[:2] == together.size
        out = np.full_like(alone, 77)
        assert together.make(output, out=out) is out
        np.testing.assert_array_equal(out, alone)
        np.testing.assert_array_equal(together.make(output, out=np.empty_like(out)), alone)


@pytest.mark.parametrize('times', [2, 4])
def test_a_jpeg_that_is_decoded_smaller_has_the_labels_of_the_whole(times: int) -> None:
    drive = Drive(demo_config(1.0, 10.0, 320 * times, 480 * times))
    file = check_file(cv2.imencode('.jpg', drive.render('front', 0).image)[1])
    engine = open_engine(read_model(MODEL), precision='fp32')
    geometry = engine.info.geometry
    batch = np.empty((2, 320, 480, 3), np.uint8)
    whole = Frame.placed(file.decode(), geometry, batch[0])
    assert whole.view.reduction() == times
    smaller = Frame.placed(file.decode(times), geometry, batch[1], reduction=times)
    assert smaller.image.shape == (320, 480, 3)
    assert smaller.view == whole.view
    labels = engine.infer(batch).labels
    engine.close()
    assert (labels[0] == labels[1]).mean() > 0.99
