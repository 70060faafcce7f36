"""Fit the temperature by which a model file's confidence says how often it is right."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np
import onnx

from roadseg_core.data.source import FrameSource
from roadseg_core.engines import open_engine
from roadseg_core.evaluation.datasets.frames import ENGINE_OUTPUTS, segment
from roadseg_core.metrics import ProbabilityHistogram, Tally
from roadseg_core.model_file import ModelFile, write_metadata
from roadseg_core.rewriting.temperature import set_temperature

_TRIED = (0.7, 0.85, 1.0, 1.2, 1.45, 1.75)
_LEAST_GAIN = 0.001


@dataclass(frozen=True)
class Fit:
    """
    Say what a temperature does on frames that it was not fitted on.

    :param ece_before: expected calibration error of the confidence with the temperature that the
        file had, by data set
    :param ece_after: with this one
    """

    temperature: float
    ece_before: dict[str, float]
    ece_after: dict[str, float]

    @property
    def helps(self) -> bool:
        """Tell whether the error falls, in the mean over the data sets, by 0.001 or more."""
        gains = [self.ece_before[name] - self.ece_after[name] for name in self.ece_before]
        return float(np.mean(gains)) >= _LEAST_GAIN


def fit_temperature(model: ModelFile, sources: Sequence[FrameSource], *, precision: str) -> Fit:
    """
    Fit on every other frame by the least Brier score of the confidence, and try on those between.

    :param precision: that the engine computes in
    :raises ValueError: if a source has fewer than two frames
    """
    for source in sources:
        if len(source) < 2:
            raise ValueError(f'{source.name} has {len(source)} frames; expected two or more')

    def count(temperature: float, first: int) -> dict[str, ProbabilityHistogram]:
        cooled = model_with(model, temperature)
        engine = open_engine(cooled, precision=precision, outputs=ENGINE_OUTPUTS)
        counted = {}
        with closing(engine):
            for source in sources:
                tally = Tally(engine.info.label_map, road_only=source.road_only)
                for index in range(first, len(source), 2):
                    found = segment(engine, source.load(index), place='camera')
                    tally.count(found.truth, found.labels, found.road_probability, found.confidence)
                counted[source.name] = tally.confidence
        return counted

    scores = [sum(one.calibration().brier for one in count(tried, 0).values()) for tried in _TRIED]
    # The parabola through the least and its neighbours.
    least = min(max(int(np.argmin(scores)), 1), len(_TRIED) - 2)
    near = slice(least - 1, least + 2)
    square, slope, _ = np.polyfit(np.log(_TRIED[near]), scores[near], 2)
    best = np.clip(np.exp(-slope / (2 * square)), _TRIED[0], _TRIED[-1]) if square > 0 else 1.0
    temperature = round(float(best), 3)
    before, after = (
        {name: one.calibration().ece for name, one in count(value, 1).items()}
        for value in (model.info.temperature, temperature)
    )
    return Fit(temperature, before, after)


def model_with(model: ModelFile, temperature: float) -> ModelFile:
    """Return a model file with another temperature, in its graph and in what it says of itself."""
    graph = set_temperature(onnx.load_from_string(model.content), temperature)
    info = replace(model.info, temperature=temperature)
    write_metadata(graph, info)
    return ModelFile(info, graph.SerializeToString())
