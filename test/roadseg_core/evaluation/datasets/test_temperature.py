"""The fit finds the temperature at which confidence is right as often as it says."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from roadseg_core.cli import main
from roadseg_core.data.source import LabelledFrame
from roadseg_core.engines import open_engine, segment_image
from roadseg_core.evaluation.datasets.temperature import Fit, fit_temperature, model_with
from roadseg_core.model_file import ModelFile, read_model, read_model_info

MODEL = Path(__file__).resolve().parents[4] / 'models' / 'unet_8.onnx'


@dataclass(frozen=True)
class Drawn:
    """Frames with truth."""

    frames: list[LabelledFrame]
    name: str = 'drawn'
    road_only: bool = True

    def __len__(self) -> int:
        return len(self.frames)

    def load(self, index: int) -> LabelledFrame:
        return self.frames[index]


@pytest.fixture(scope='module')
def model() -> ModelFile:
    return read_model(MODEL)


@pytest.fixture(scope='module')
def drawn(model) -> Drawn:
    """Draw truth by the probabilities that the model gives at a temperature of 1.4."""
    rng = np.random.default_rng(1)
    frames = []
    with closing(open_engine(model_with(model, 1.4), outputs=('road_probability',))) as engine:
        for name in 'ab':
            image = cv2.resize(rng.integers(0, 256, (9, 12, 3), np.uint8), (480, 320))
            road = segment_image(engine, image)[1].road_probability[0]
            truth = (rng.random(road.shape) < road / 255).astype(np.uint8)
            frames.append(LabelledFrame(name, image, truth))
    return Drawn(frames)


def test_frames_that_are_too_few_are_refused(model, drawn):
    with pytest.raises(ValueError, match='1 frames; expected two'):
        fit_temperature(model, [Drawn(drawn.frames[:1])], precision='fp32')


def test_what_is_too_sure_is_cooled(model, drawn, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(
        'roadseg_core.commands.fit_temperature.open_data', lambda options, label_map: [drawn]
    )
    out = tmp_path / 'fitted.onnx'
    arguments = ['fit-temperature', '--data', 'drawn', '--precision', 'fp32', '--output']
    assert main([*arguments, str(out), str(MODEL)]) == 0
    fitted = read_model_info(out)
    assert fitted.temperature == pytest.approx(1.4, abs=0.08)
    assert fitted.golden_frame == model.info.golden_frame
    assert 'expected calibration error' in capsys.readouterr().out


def test_a_small_gain_is_none():
    assert not Fit(1.1, {'a': 0.0040, 'b': 0.003}, {'a': 0.0035, 'b': 0.002}).helps
    assert Fit(1.1, {'a': 0.0040, 'b': 0.003}, {'a': 0.0020, 'b': 0.003}).helps
