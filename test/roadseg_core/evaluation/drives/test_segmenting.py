"""Frames in batches through an engine, and what of its work is timed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from roadseg_core.bags.cdr import image_cdr
from roadseg_core.bags.message_types import RAW_TYPE
from roadseg_core.bags.records import BagMessage
from roadseg_core.engines import segment_in_batches, warm_up
from roadseg_core.engines.base import Engine, EngineDescription, EngineError, Run, Segmentation
from roadseg_core.evaluation.drives.cameras import Camera
from roadseg_core.evaluation.drives.segmenting import Work, segmented
from roadseg_core.evaluation.settings.values import EvaluationError
from roadseg_core.model_file import read_model_info
from roadseg_core.pipeline.frame import Frame

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


class OverlappingEngine(CompilingEngine):
    """Note which batches begin and end; labels are brightness, in arrays that are used again."""

    def __init__(self, model: str) -> None:
        super().__init__(model)
        self.noted: list[str] = []
        self._arrays = np.zeros((2, 4, *self.info.geometry.input_size), np.uint8)

    def _start(self, frames: np.ndarray) -> Callable[[], Run]:
        number = len([note for note in self.noted if note.startswith('begin')])
        self.noted.append(f'begin {number}')

        def finish() -> Run:
            self.noted.append(f'end {number}')
            array = self._arrays[number % 2, : len(frames)]
            array[:] = frames[..., 0]
            return Run(Segmentation(array), float(number), number + 2.0)

        return finish


def test_the_next_batch_begins_before_the_last_is_handed_on(exact_model: str) -> None:
    height, width = read_model_info(Path(exact_model)).geometry.input_size
    engine = OverlappingEngine(exact_model)

    def placed(number: int) -> Frame:
        image = np.full((height, width, 3), number, np.uint8)
        return Frame.placed(image, engine.info.geometry, image.copy())

    found = []
    for number, run in segment_in_batches(range(10), engine, 4, frame=placed):
        engine.noted.append(str(number))
        assert (run.result.labels == number).all()
        found.append((number, run.infer_ms))
    # The first had the engine for 2 s, and each of the others for 1 s after it.
    assert found == [(number, 2e3 if number < 4 else 1e3) for number in range(10)]
    assert engine.noted == (
        'begin 0,begin 1,end 0,0,1,2,3,begin 2,end 1,4,5,6,7,end 2,8,9'.split(',')
    )


def test_who_wants_no_more_leaves_no_batch_running(exact_model: str) -> None:
    engine = OverlappingEngine(exact_model)
    image = np.zeros((*engine.info.geometry.input_size, 3), np.uint8)
    frame = Frame.placed(image, engine.info.geometry, image.copy())
    runs = segment_in_batches(range(12), engine, 4, frame=lambda number: frame)
    assert next(runs)[0] == 0
    runs.close()
    assert engine.noted == ['begin 0', 'begin 1', 'end 0', 'end 1']


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
