"""Count how labels agree with truth, which may be of other classes."""

from __future__ import annotations

import numpy as np

from roadseg_core.data.label_sets import find_label_map
from roadseg_core.evaluation.settings.config import EvaluationConfig
from roadseg_core.evaluation.settings.values import EvaluationError
from roadseg_core.labels import IGNORE, TWO, LabelMap, LabelMapError
from roadseg_core.metrics import ConfusionMatrix, MetricsError


class TruthCounts:
    """
    Count how labels agree with truth: by class where both have the same classes, else by road.

    :param label_map: what the labels mean
    :param truth_map: what the truth means
    """

    def __init__(self, label_map: LabelMap, truth_map: LabelMap) -> None:
        self.by_class = label_map.names == truth_map.names
        self._label_map = label_map
        self._truth_map = truth_map
        self.matrix = ConfusionMatrix(label_map if self.by_class else TWO)

    def update(self, truth: np.ndarray, labels: np.ndarray) -> None:
        """
        Count one pair of uint8 [H, W].

        :raises MetricsError: if they differ in size or hold an id outside their map
        """
        if self.by_class:
            self.matrix.update(truth, labels)
            return
        known = len(self._truth_map.names)
        if truth.shape == labels.shape and ((truth >= known) & (truth != IGNORE)).any():
            unknown = int(truth[(truth >= known) & (truth != IGNORE)].min())
            raise MetricsError(
                f'truth with the id {unknown}; expected 0 to {known - 1} of '
                f'{self._truth_map.name!r}, or {IGNORE} for no label'
            )
        self.matrix.update(self._truth_map.road_truth(truth), self._label_map.road_called(labels))


def truth_label_map(config: EvaluationConfig, label_map: LabelMap) -> LabelMap:
    """
    Return what the truth's ids mean.

    :param label_map: the model's
    :raises EvaluationError: if the configuration names a map that does not exist
    """
    try:
        named = config.truth.label_map
        return find_label_map(named) if named else label_map
    except LabelMapError as error:
        raise EvaluationError(f'truth: {error}') from error
