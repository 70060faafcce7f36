"""What a segmented frame says: its row, and what it adds to the bag's totals."""

from __future__ import annotations

import math
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from roadseg_core.evaluation.drives.cameras import Camera
from roadseg_core.evaluation.drives.ground import GroundComparison
from roadseg_core.evaluation.drives.measures import Flicker, Neighbours, is_blackout
from roadseg_core.evaluation.drives.rows import rounded
from roadseg_core.evaluation.drives.scoring import TruthCounts
from roadseg_core.evaluation.drives.segmenting import Work
from roadseg_core.evaluation.drives.totals import CameraCounts, ShareMean
from roadseg_core.evaluation.drives.truth import TruthError, TruthSource
from roadseg_core.evaluation.settings.config import EvaluationConfig
from roadseg_core.labels import IGNORE, TWO, LabelMap
from roadseg_core.metrics import MetricsError
from roadseg_core.pipeline.frame import FrameImages, OutputOptions
from roadseg_core.report.pictures import thumbnail

_PUBLISHED = ('label', 'road_mask')
"""What every node publishes; the time of making them counts."""

_TIMED_EVERY = 8
"""Where nothing else needs what a node publishes, it is made, to be timed, of every n-th frame."""

DRIFT_FRAMES = 8
"""Fewer frames than this have no drift: its ends would be two frames each."""


@dataclass(frozen=True)
class Analysed:
    """
    Hold a frame with all that is known of it.

    :param mask: road mask, uint8 [H, W] in network geometry
    :param images: what is recorded or compared, uint8 in camera geometry, by output
    :param files: those that an annotated bag gets, as image files
    :param truth: uint8 [H, W] of the camera's size, or None
    """

    work: Work
    mask: np.ndarray
    images: dict[str, np.ndarray]
    files: dict[str, bytes]
    row: dict[str, object]
    timing: dict[str, object]
    truth: np.ndarray | None = None

    @cached_property
    def thumbnail(self) -> np.ndarray:
        """Return what the network sees of the picture, very small."""
        return thumbnail(self.work.frame.seen)


class CameraAnalysis:
    """
    Analyse the frames of one camera of one bag.

    Each frame is paired with the one before it, measured, and taken; :meth:`measured` may run in
    many threads, :meth:`pair` and :meth:`taken` see the frames in the order of recording.

    :param bag: how rows name the bag
    :param ground: compares labels and truth on the ground; None: nothing does
    :param wanted: outputs that are recorded in camera geometry
    :param encode: makes files of a frame's outputs; None where none are wanted
    """

    def __init__(
        self,
        camera: Camera,
        config: EvaluationConfig,
        *,
        bag: str,
        label_map: LabelMap,
        truth_map: LabelMap,
        truth: TruthSource | None,
        ground: GroundComparison | None,
        wanted: frozenset[str],
        encode: Callable[[FrameImages], dict[str, bytes]] | None,
    ) -> None:
        self.camera = camera
        self.counts = CameraCounts(camera.topic)
        self.problems: list[str] = []
        self._config = config
        self._bag = bag
        self._label_map = label_map
        self._truth_map = truth_map
        self._truth = truth
        self.ground = ground
        self._kept = wanted | ({'label'} if config.truth else set())
        self._encode = encode
        self._outputs_ms: float | None = None
        self._small = frozenset(
            {'label', 'road_mask'} | ({'confidence'} if config.outputs.confidence else set())
        )
        every = config.outputs.consistency_every
        self._neighbours = Neighbours(
            flow_every=every if config.outputs.consistency else 0,
            flow_width=config.outputs.flow_width,
        )
        self._flicker = Flicker()
        self.matrix: TruthCounts | None = None
        self._means = array('f')
        self.confidence = np.zeros(256, np.int64)
        self.consistency = ShareMean()
        self.flicker = ShareMean()

    def pair(self, work: Work) -> None:
        """Pair the frame with the one before it, if it was decoded."""
        if work.frame is not None and work.run is not None:
            work.pair = self._neighbours.pair(
                work.frame, stamp_ns=work.stamp_ns, labels=work.run.result.labels[0]
            )

    def measured(self, work: Work) -> Analysed | None:
        """Return what a frame and its pair say; None for one that could not be decoded."""
        if work.pair is None:
            return None
        own_time = time.thread_time()
        images = self._images(work, 'camera')
        outputs_ms = self._timed(work, images)
        network = self._images(work, 'network')
        small = {output: network.make(output) for output in self._small}
        frame = {
            'bag': self._bag,
            'camera': self.camera.name,
            'index': work.index,
            'stamp_ns': work.stamp_ns,
        }
        row = {**frame, **self._figures(work, small)}
        timing = {
            **frame,
            'batch': work.run.batch,
            'decode_ms': round(work.decode_ms, 3),
            'infer_ms': round(work.run.infer_ms, 3),
            'outputs_ms': round(outputs_ms, 3),
            'analysis_ms': round((time.thread_time() - own_time) * 1e3, 3),
            'latency_ms': round(work.decode_ms + work.run.infer_ms + outputs_ms, 3),
        }
        kept = {output: images.make(output) for output in self._kept}
        files = {} if self._encode is None else self._encode(images)
        return Analysed(work, small['road_mask'], kept, files, row, timing)

    def taken(self, work: Work, frame: Analysed | None) -> Analysed | None:
        """Add what :meth:`measured` returned to the totals; return it with all that is known."""
        counts = self.counts
        if frame is None:
            counts.bad += 1
            self._note(f'frame {work.index}: {work.error}')
            return None
        counts.evaluated += 1
        counts.backwards = self._neighbours.backwards
        row = frame.row
        follows = work.pair.before is not None
        work.pair = None  # a frame that is kept must not keep the one before it
        row['flicker'] = self._flicker.share(frame.mask, follows=follows)
        counts.blackout += row['blackout']
        counts.frozen += row['frozen']
        confidence = row['confidence']
        if confidence is not None:
            self.confidence[min(255, round(confidence * 255))] += 1
            self._means.append(confidence)
        self.consistency.add(row['consistency'])
        self.flicker.add(row['flicker'])
        for name in ('confidence', 'consistency', 'flicker'):
            row[name] = rounded(row[name])
        return replace(frame, truth=self._compare(work, frame.images.get('label'), row))

    @property
    def drift(self) -> float | None:
        """Return the mean confidence of the last quarter less that of the first."""
        count = len(self._means)
        if count < DRIFT_FRAMES:
            return None
        values = np.asarray(self._means, np.float64)
        quarter = count // 4
        return rounded(values[-quarter:].mean() - values[:quarter].mean())

    def _note(self, text: str) -> None:
        """Keep the first few problems, for people."""
        if len(self.problems) < 3 and text not in self.problems:
            self.problems.append(text)

    def _images(self, work: Work, geometry: str) -> FrameImages:
        options = OutputOptions(
            output_geometry=geometry, road_threshold=self._config.road_threshold
        )
        return FrameImages(work.frame, work.run.result, 0, self._label_map, options)

    def _timed(self, work: Work, images: FrameImages) -> float:
        """Make what a node publishes, if it is this frame's turn; return the last time it took."""
        turn = work.index // self._config.range.every % _TIMED_EVERY == 0
        if turn or self._kept or self._encode is not None or self._outputs_ms is None:
            started = time.perf_counter()
            for output in _PUBLISHED:
                images.make(output)
            self._outputs_ms = (time.perf_counter() - started) * 1e3
        return self._outputs_ms

    def _figures(self, work: Work, small: dict[str, np.ndarray]) -> dict[str, object]:
        """Return what the frame says without truth, at the network's size; not rounded yet."""
        frame, names = work.frame, self._label_map.names
        labels, mask = small['label'], small['road_mask']
        seen = max(1, np.count_nonzero(labels != IGNORE))
        confidence = None
        if 'confidence' in small:
            # Outside the picture confidence is 0, and adds nothing.
            confidence = cv2.sumElems(small['confidence'])[0] / seen / 255
        return {
            'class_share': {
                # For a few classes, a third of the time of a histogram.
                name: rounded(np.count_nonzero(labels == number) / seen)
                for number, name in enumerate(names)
            },
            'road_share': rounded(cv2.countNonZero(mask) / seen),
            'confidence': confidence,
            'consistency': work.pair.consistency(),
            'flicker': None,  # known once the frames are in order
            'blackout': is_blackout(frame),
            'frozen': work.pair.is_frozen(),
        }

    def _compare(
        self, work: Work, labels: np.ndarray | None, row: dict[str, object]
    ) -> np.ndarray | None:
        """Compare labels in camera geometry with the truth, into the row; return the truth."""
        row.update({'truth': False, 'miou': None, 'road_iou': None, 'iou': None, 'confusion': None})
        if not self._config.truth:
            return None
        counts = self.counts
        own = TruthCounts(self._label_map, self._truth_map)
        try:
            truth = self._truth.find(work.index, work.stamp_ns) if self._truth else None
            if truth is None:
                counts.truth_missing += 1
                return None
            own.update(truth, labels)
        except (TruthError, MetricsError) as error:
            counts.truth_bad += 1
            self._note(f'truth of frame {work.index}: {error}')
            return None
        counts.scored += 1
        if self.matrix is None:
            self.matrix = own
        else:
            self.matrix.matrix.merge(own.matrix)
        scores = own.matrix.scores()
        names = (self._label_map if own.by_class else TWO).names
        row.update(
            {
                'truth': True,
                'miou': _number(scores.miou),
                'road_iou': _number(scores.road_iou),
                'iou': {name: _number(scores.iou.get(name, math.nan)) for name in names},
                'confusion': own.matrix.counts.tolist(),
            }
        )
        if self.ground is not None:
            try:
                row['ground'] = self.ground.add(work.frame.view, work.run.result, truth)
            except ValueError as error:
                row['ground'] = None
                self._note(f'no figures of the ground: {error}')
        return truth


def _number(value: float) -> float | None:
    return None if math.isnan(value) else rounded(value)
