"""Compare a model with the truth of a data set, through the engine that a vehicle runs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np

from roadseg_core.data.dataset import open_source
from roadseg_core.data.source import NOT_ROAD, data_root
from roadseg_core.engines import open_engine
from roadseg_core.labels import IGNORE, TWO
from roadseg_core.metrics import ConfusionMatrix


def evaluate_model(model: Path, *, data: str, split: str, root: str | None,
                   backend: str = 'auto') -> dict[str, object]:
    """
    Run a model file or checkpoint over a data set, at the network's size.

    Truth that knows road only is compared as road or not road, whatever the model's map.

    :param data: ``camvid``, ``kitti_road`` or ``rendered``
    :param split: ``train`` or ``val``
    :param root: folder of the data sets, or None for ``$ROADSEG_DATA``
    :returns: plain JSON types: data, frames, engine, scores
    """
    engine = open_engine(model, backend=backend, outputs=('labels',))
    try:
        info = engine.info
        source = open_source(data, root=Path() if data == 'rendered' else data_root(root),
                             split=split, label_map=info.label_map)
        matrix = ConfusionMatrix(TWO if source.road_only else info.label_map)
        height, width = info.geometry.input_size
        for index in range(len(source)):
            frame = source.load(index)
            view = info.geometry.view(frame.labels.shape)
            prediction = engine.infer(view.forward(frame.image)[None]).labels[0]
            if info.geometry.mode == 'stretch':
                truth = cv2.resize(frame.labels, (width, height),
                                   interpolation=cv2.INTER_NEAREST_EXACT)
            else:
                truth, prediction = frame.labels, view.backward(prediction, IGNORE)
            if source.road_only:
                truth = road_or_not(truth, info.label_map.road_ids)
                prediction = road_or_not(prediction, info.label_map.road_ids)
            matrix.update(truth, prediction)
        return {'model': str(model), 'sha256': info.sha256, 'data': source.name,
                'frames': len(source), 'engine': asdict(engine.description),
                **matrix.scores().to_dict()}
    finally:
        engine.close()


def road_or_not(labels: np.ndarray, road_ids: tuple[int, ...]) -> np.ndarray:
    """Map labels, ``NOT_ROAD`` among them, to the ids of ``two``; ``IGNORE`` stays."""
    table = np.zeros(256, np.uint8)
    table[list(road_ids)] = 1
    table[NOT_ROAD] = 0
    table[IGNORE] = IGNORE
    return table[labels]
