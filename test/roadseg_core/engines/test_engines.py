"""Engines: the shipped model through OpenVINO, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from roadseg_core.cli import main
from roadseg_core.engines import EngineError, open_engine

MODEL = Path(__file__).resolve().parents[3] / 'models' / 'mobilenet_fcn_0.5.onnx'
ALL = ('labels', 'road_probability', 'confidence')


@pytest.fixture(scope='module')
def frames():
    rng = np.random.default_rng(3)
    coarse = rng.integers(0, 256, (4, 20, 30, 3), np.uint8)
    return np.ascontiguousarray(coarse.repeat(16, axis=1).repeat(16, axis=2))


@pytest.fixture(scope='module')
def engine():
    engine = open_engine(MODEL, backend='openvino', outputs=ALL, precision='fp32')
    yield engine
    engine.close()


def test_a_frame_does_not_depend_on_its_batch(engine, frames):
    whole = engine.infer(frames)
    whole = {name: getattr(whole, name).copy() for name in ALL}
    for count in (1, 2, 3):
        part = engine.infer(frames[:count])
        for name in ALL:
            found = getattr(part, name)
            assert found.dtype == np.uint8
            assert found.shape == (count, 320, 480)
            assert np.abs(found.astype(int) - whole[name][:count]).max() <= 1 or (
                name == 'labels' and (found == whole[name][:count]).mean() > 0.9999
            )


def test_frames_that_are_read_only_give_the_same_labels(engine, frames):
    expected = engine.infer(frames[:2]).labels.copy()
    kept = frames[:2].copy()
    kept.flags.writeable = False
    assert np.array_equal(engine.infer(kept).labels, expected)


@pytest.mark.parametrize('counts', [(4, 4, 4, 4), (4, 1, 3), (1, 4, 1)])
def test_a_batch_that_begins_before_the_last_has_ended_gets_what_it_gets_alone(
    engine, frames, counts
):
    batches = [frames[::-1][:count] if i % 2 else frames[:count] for i, count in enumerate(counts)]
    alone = [engine.infer(batch).labels.copy() for batch in batches]
    finish = engine.start(batches[0])
    for expected, batch in zip(alone, [*batches[1:], batches[0]]):
        before, finish = finish, engine.start(batch)
        run = before()
        np.testing.assert_array_equal(run.result.labels, expected)
        assert run.began < run.ended
    finish()


@pytest.mark.skipif(find_spec('tensorrt') is not None, reason='TensorRT is installed')
def test_auto_is_openvino_for_a_model_file_where_tensorrt_is_not():
    engine = open_engine(MODEL)
    assert engine.description.backend == 'openvino'
    engine.close()


def test_an_engine_that_cannot_be_opened_ends_a_command_with_its_message(capsys):
    assert main(['benchmark', 'engine', str(MODEL), '--backend', 'torch']) == 1
    said = capsys.readouterr().err
    assert said.startswith('roadseg benchmark: ')
    assert 'torch' in said


def test_only_the_asked_outputs_come(frames):
    engine = open_engine(MODEL, outputs=('road_probability',))
    result = engine.infer(frames[:1])
    assert result.labels is None
    assert result.confidence is None
    assert result.road_probability.shape == (1, 320, 480)
    engine.close()
    engine.close()
    with pytest.raises(EngineError, match='closed'):
        engine.infer(frames[:1])


@pytest.mark.parametrize(
    'shape', [(0, 320, 480, 3), (5, 320, 480, 3), (1, 480, 320, 3), (1, 320, 480, 1)]
)
def test_other_frames_are_refused(engine, shape):
    with pytest.raises(EngineError, match=r'expected uint8 \[1 to 4, 320, 480, 3\]'):
        engine.infer(np.zeros(shape, np.uint8))


def test_what_cannot_run_is_refused():
    with pytest.raises(EngineError, match="backend 'tflite'; expected one of"):
        open_engine(MODEL, backend='tflite')
    with pytest.raises(EngineError, match='training checkpoints'):
        open_engine(MODEL, backend='torch')
    with pytest.raises(EngineError, match="precision 'int4'"):
        open_engine(MODEL, precision='int4')
    with pytest.raises(EngineError, match='outputs'):
        open_engine(MODEL, outputs=('depth',))
    with pytest.raises(EngineError, match='cannot open'):
        open_engine(MODEL, device='NOSUCH')


CLOSED_ELSEWHERE = """
import signal, sys, threading
from roadseg_core.engines import open_engine
engine = open_engine(sys.argv[1], backend='openvino')
holder = [engine]
del engine
closing = threading.Thread(target=lambda: holder.pop().close())
closing.start()
closing.join()
heard = []
signal.signal(signal.SIGUSR1, lambda *_: heard.append(True))
signal.raise_signal(signal.SIGUSR1)
assert heard
"""


def test_a_signal_after_an_engine_was_closed_in_another_thread_is_heard():
    ended = subprocess.run(
        [sys.executable, '-c', CLOSED_ELSEWHERE, str(MODEL)], cwd=MODEL.parents[1], timeout=120
    )
    assert ended.returncode == 0
