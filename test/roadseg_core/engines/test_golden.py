"""Engines on the golden frame: those that compute the model open, the others are refused."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from roadseg_core.engines import EngineError, open_engine
from roadseg_core.model_file import read_model, write_metadata

MODELS = Path(__file__).resolve().parents[3] / 'models'
MODEL = MODELS / 'unet_8.onnx'


def rewritten(path: Path, *, weights: float = 1.0, **changes: object) -> Path:
    """Write the model with scaled weights, or another description."""
    file = read_model(MODEL)
    graph = onnx.load_from_string(file.content)
    for tensor in graph.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if weights != 1.0 and values.dtype == np.float32 and values.ndim == 4:
            tensor.CopyFrom(numpy_helper.from_array((values * weights).astype('f4'), tensor.name))
    write_metadata(graph, replace(file.info, **changes))
    onnx.save(graph, path)
    return path


@pytest.mark.parametrize('model', sorted(MODELS.glob('*.onnx')), ids=lambda path: path.stem)
def test_shipped_models_have_one_with_the_classes_it_needs(model, caplog):
    info = read_model(model).info
    _, labels = info.golden_frame.arrays(info.geometry.input_size)
    shares = np.bincount(labels.ravel()) / labels.size
    assert (shares >= 0.03).sum() >= min(4, len(info.label_map.names))
    with caplog.at_level(logging.INFO, 'roadseg_core'):
        open_engine(model, backend='openvino', precision='fp32').close()
    agreement = float(re.search(r'([\d.]+) % of the labels are those of fp32', caplog.text)[1])
    assert agreement == 100.0 or info.precision == 'int8' and agreement > 99.0


@pytest.mark.parametrize('precision', ['auto', 'bf16'])
def test_rounding_is_no_reason_to_refuse(precision):
    open_engine(MODEL, backend='openvino', precision=precision).close()


def test_an_engine_that_computes_something_else_is_refused(tmp_path):
    wrong = rewritten(tmp_path / 'wrong.onnx', weights=0.8)
    with pytest.raises(EngineError, match=r'\d\d?\.\d\d % .* expected at least 98 %') as refused:
        open_engine(wrong, backend='openvino')
    assert 'wrong.onnx' in str(refused.value)


def test_a_file_without_one_opens_with_a_warning(tmp_path, caplog):
    path = rewritten(tmp_path / 'old.onnx', golden_frame=None)
    open_engine(path, backend='openvino').close()
    (record,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert f'roadseg add-golden-frame {path}' in record.getMessage()


def test_a_damaged_one_is_refused(tmp_path):
    golden = replace(read_model(MODEL).info.golden_frame, picture=b'no picture')
    path = rewritten(tmp_path / 'damaged.onnx', golden_frame=golden)
    with pytest.raises(EngineError, match='no PNG'):
        open_engine(path, backend='openvino')
