"""Measure the rate of this machine's engine for an untrained network."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import onnx

from roadseg_core.benchmarking.measuring import measure
from roadseg_core.budget.scenario import Scenario
from roadseg_core.engines import EngineDescription, open_engine
from roadseg_core.export.run import build_onnx
from roadseg_core.geometry import Geometry
from roadseg_core.labels import LABEL_MAPS
from roadseg_core.model_file import MAX_BATCH, ModelInfo, write_metadata
from roadseg_core.models import build_network
from roadseg_core.sources.picture_batches import load_pictures


def measure_network(
    scenario: Scenario, arguments: Mapping[str, object], *, seconds: float = 1.0
) -> tuple[float, EngineDescription]:
    """
    Measure the scenario's network with random weights, through a model file.

    :param arguments: of the network
    :param seconds: how long to measure
    :returns: images/s, in batches of one frame per camera, and what ran them
    :raises EngineError: if no engine runs it here
    """
    label_map = LABEL_MAPS[scenario.label_map]
    geometry = Geometry('stretch', scenario.input_size)
    network = build_network(scenario.network, arguments).eval()
    model = build_onnx(network, label_map=label_map, geometry=geometry)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'candidate.onnx'
        info = ModelInfo(
            path=path,
            label_map=label_map,
            geometry=geometry,
            network=scenario.network,
            network_arguments=dict(arguments),
            licence='none',
            card='random weights, to measure time',
            data='none',
        )
        write_metadata(model, info)
        onnx.save(model, path)
        with closing(open_engine(path)) as engine:
            frames = load_pictures(geometry, None, min(len(scenario.cameras), MAX_BATCH))
            timing = measure(
                {'engine': lambda: engine.infer(frames)},
                frames=len(frames),
                rounds=1,
                seconds=seconds,
            )
            return timing['engine'].frames_per_second, engine.description
