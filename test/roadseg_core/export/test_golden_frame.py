"""The choice of a golden frame: enough classes, or none, and a graph that stays as it is."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest

from roadseg_core.cli import main
from roadseg_core.export.golden_frame import add_golden_frame, choose_golden_frame
from roadseg_core.golden_frame import GoldenFrameError
from roadseg_core.model_file import read_model, read_model_info, write_metadata

MODEL = Path(__file__).resolve().parents[3] / 'models' / 'unet_8.onnx'


def test_the_command_adds_one_and_changes_nothing_else(tmp_path, capsys):
    path = tmp_path / 'model.onnx'
    model = onnx.load(MODEL)
    bare = replace(read_model_info(MODEL), golden_frame=None)
    write_metadata(model, bare)
    onnx.save(model, path)
    assert main(['add-golden-frame', str(path)]) == 0
    assert 'a rendered street' in capsys.readouterr().out
    assert onnx.load(path).graph == onnx.load(MODEL).graph
    info = read_model_info(path)
    assert replace(info, golden_frame=None, path=bare.path, sha256=bare.sha256) == bare
    assert info.golden_frame is not None
    assert main(['add-golden-frame', str(path)]) == 1
    assert '--overwrite' in capsys.readouterr().err
    assert main(['add-golden-frame', str(path), '--overwrite']) == 0


def test_pictures_that_show_too_little_give_none(tmp_path):
    path = Path(shutil.copy(MODEL, tmp_path / 'model.onnx'))
    before = path.read_bytes()
    cv2.imwrite(str(tmp_path / 'black.png'), np.zeros((48, 64, 3), np.uint8))
    with pytest.raises(GoldenFrameError, match='shows 2 classes on 3 % .* 1 at most'):
        add_golden_frame(path, tmp_path)
    assert path.read_bytes() == before


def test_labels_are_never_those_of_int8():
    model = read_model(MODEL)
    with pytest.raises(GoldenFrameError, match='fp32, and quantize that'):
        choose_golden_frame(replace(model, info=replace(model.info, precision='int8')))
