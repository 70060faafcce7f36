"""Frames in batches through an engine, and what of its work is timed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from roadseg_core.bags.cdr import image_cdr
from roadseg_core.bags.message_types import RAW_TYPE
from roadseg_core.bags.records import BagMessage
from roadseg_core.engines import warm_up
from roadseg_core.engines.base import Engine, EngineDescription, EngineError, Segmentation
from roadseg_core.evaluation.drives.cameras import Camera
from roadseg_core.evaluation.drives.segmenting import Work, segmented
from roadseg_core.evaluation.settings.values import EvaluationError
from roadseg_core.model_file import read_model_info

COMPILING_SECONDS = 0.8
CAMERA = Camera('front', '/camera/front/image_raw', RAW_TYPE)


class CompilingEngine(Engine):
    """Compile for each batch size on its first use, as OpenVINO does; label by brightness."""

    def __init__(self, model: str) -> None:
        super().__init__(read_model_info(Path(model)), ('labels',))
        self._known: set[int] = set()

    @property
    def description(self) -> EngineDescription:
        return EngineDescription('slow', 'cpu', 1, 'fp32', '0')

    def _infer(self, frames: np.ndarray) -> Segmentation:
        if len(frames) not in self._known:
            time.sleep(COMPILING_SECONDS)
            self._known.add(len(frames))
        return Segmentation((frames[..., 0] > 100).astype(np.uint8))

    def close(self) -> None:
        """Hold nothing."""


@pytest.mark.parametrize(
    ('frames', 'between', 'batches'),
    [(10, 0, [4] * 10), (8, 0, [4] * 8), (1, 0, [4]), (0, 0, []), (6, 30, [3, 3, 3, 2, 2, 4])],
)
def test_compiling_for_a_batch_size_is_not_timed(
    exact_model: str, frames: int, between: int, batches: list[int]
) -> None:
    pictures = [np.full((80, 120, 3), 20 * number, np.uint8) for number in range(frames)]
    works = []
    for number, picture in enumerate(pictures):
        works.append(
            Work(
                BagMessage(
                    CAMERA.topic,
                    number,
                    image_cdr(picture, encoding='bgr8', stamp_ns=number + 1, frame_id='lens'),
                ),
                CAMERA,
                number,
            )
        )
        works += [Work(BagMessage('/imu', number, b''))] * between
    engine = CompilingEngine(exact_model)
    warm_up(engine, [4])
    passed = list(segmented((work for work in works), engine, batch=0))
    assert [work.message.topic for work in passed] == [work.message.topic for work in works]
    done = [work for work in passed if work.camera]
    assert [work.index for work in done] == list(range(frames))
    assert [work.run.batch for work in done] == batches
    for work, picture in zip(done, pictures):
        assert (work.run.result.labels == (picture[0, 0, 0] > 100)).all()
        assert 0 < work.run.infer_ms < COMPILING_SECONDS * 1e3


class FailingEngine(CompilingEngine):
    """Fail at the first batch."""

    def _infer(self, frames: np.ndarray) -> Segmentation:
        raise EngineError('out of memory')


def test_nothing_is_read_any_more_once_the_engine_has_failed(exact_model: str) -> None:
    closed = []

    def works() -> Iterator[Work]:
        message = BagMessage(
            CAMERA.topic,
            0,
            image_cdr(
                np.zeros((80, 120, 3), np.uint8), encoding='bgr8', stamp_ns=1, frame_id='lens'
            ),
        )
        try:
            while True:
                yield Work(message, CAMERA)
        finally:
            closed.append(True)

    with pytest.raises(EvaluationError, match='out of memory') as failure:
        list(segmented(works(), FailingEngine(exact_model), batch=0))
    # The traceback, which still holds the generators, does not keep them going.
    assert failure.traceback and closed == [True]
    assert not [thread for thread in threading.enumerate() if thread.name == 'reading']
