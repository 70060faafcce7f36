"""A temperature changes probabilities exactly, and no label."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import onnx
import pytest

from roadseg_core.engines import open_engine
from roadseg_core.evaluation.datasets.temperature import model_with
from roadseg_core.model_file import OUTPUTS, read_model
from roadseg_core.pipeline.segmentation import Segmentation
from roadseg_core.rewriting.temperature import set_temperature

MODELS = Path(__file__).resolve().parents[3] / 'models'


def run(model: object, frames: np.ndarray) -> Segmentation:
    with closing(open_engine(model, precision='fp32', outputs=OUTPUTS)) as engine:
        result = engine.infer(frames)
        return Segmentation(*(getattr(result, name).copy() for name in OUTPUTS))


@pytest.mark.parametrize('name', sorted(path.name for path in MODELS.glob('*.onnx')))
def test_labels_stay_and_probabilities_are_those_of_cooler_scores(name: str, tmp_path: Path):
    model = read_model(MODELS / name)
    size = model.info.geometry.input_size
    rng = np.random.default_rng(3)
    frames = np.kron(
        rng.integers(0, 256, (1, 8, 8, 3)), np.ones((1, size[0] // 8, size[1] // 8, 1))
    ).astype(np.uint8)
    before = run(model, frames)
    (tmp_path / 'cooled.onnx').write_bytes(model_with(model, 2.0).content)
    cooled = read_model(tmp_path / 'cooled.onnx')
    assert cooled.info.temperature == 2.0
    after = run(cooled, frames)
    assert np.array_equal(after.labels, before.labels)
    assert (after.confidence <= before.confidence + 1.0).all()
    assert after.confidence.mean() < before.confidence.mean() - 1
    if len(model.info.label_map.names) == 2:
        # Of two classes, odds to the power of 1/2.
        p = np.clip(before.road_probability / 255.0, 1e-9, 1 - 1e-9)
        odds = np.sqrt(p / (1 - p))
        sure = (before.road_probability > 20) & (before.road_probability < 235)
        off = np.abs(255 * odds / (1 + odds) - after.road_probability)[sure]
        assert off.max() < 2
    # Another takes the place of the first, and 1 leaves no trace.
    plain = onnx.load_from_string(model.content).graph
    assert set_temperature(onnx.load_from_string(cooled.content), 1.0).graph.node == plain.node
    twice = onnx.load_from_string(model_with(cooled, 3.0).content).graph
    assert len(twice.node) == len(onnx.load_from_string(cooled.content).graph.node)


def test_wrong_temperatures_and_graphs_are_refused():
    model = onnx.load_from_string(read_model(next(MODELS.glob('*.onnx'))).content)
    for wrong in (0.0, -1.0, float('nan'), float('inf')):
        with pytest.raises(ValueError, match='over 0'):
            set_temperature(model, wrong)
    kept = [node for node in model.graph.node if node.op_type not in ('Exp', 'Sigmoid')]
    del model.graph.node[:]
    model.graph.node.extend(kept)
    with pytest.raises(ValueError, match='without probabilities'):
        set_temperature(model, 2.0)
