"""Builds and runs of the TensorRT engine that fail or are given up, on doubles."""

from __future__ import annotations

import pytest

from roadseg_core.engines import EngineError, OpeningStopped


def test_an_unknown_version_is_refused(doubles, model, tmp_path, open_trt):
    doubles.use('12.0.0')
    with pytest.raises(EngineError, match='TensorRT 12.0.0; expected 10.x to 11.x'):
        open_trt(model, tmp_path)


def test_a_failing_build_says_why_and_leaves_nothing(
    doubles, model, frames, tmp_path, open_trt, check_results
):
    doubles.trt.failing.add('build')
    with pytest.raises(EngineError, match='cannot build .*grey.onnx: Error Code 10'):
        open_trt(model, tmp_path)
    doubles.trt.failing = {'parse'}
    with pytest.raises(EngineError, match=r'does not take .*UINT8 .*\(Transpose /Transpose\)'):
        open_trt(model, tmp_path)
    for name in ('Builder', 'Runtime'):
        doubles.trt.failing = {name}
        with pytest.raises(EngineError, match=f'has no {name.lower()} here'):
            open_trt(model, tmp_path)
    assert not list(tmp_path.glob('.*'))
    assert doubles.cuda.held == 0
    doubles.trt.failing.clear()
    engine = open_trt(model, tmp_path)
    check_results(engine, frames)
    engine.close()


def test_a_failing_run_is_an_error_with_the_cause(doubles, model, frames, tmp_path, open_trt):
    engine = open_trt(model, tmp_path)
    engine.infer(frames)
    doubles.cuda.failing.add('cudaGraphLaunch')
    with pytest.raises(EngineError, match='cudaGraphLaunch failed: cudaErrorMemoryAllocation'):
        engine.infer(frames)
    doubles.cuda.failing = {'cudaStreamSynchronize'}
    with pytest.raises(EngineError, match='cudaStreamSynchronize failed'):
        engine.infer(frames)
    doubles.cuda.failing.clear()
    doubles.trt.failing.add('execute')
    with pytest.raises(EngineError, match='failed on 1 frames: Error Code 1'):
        engine.infer(frames[:1])
    doubles.trt.failing = {'context'}
    with pytest.raises(EngineError, match='no memory to run 2 frames'):
        engine.infer(frames[:2])
    engine.close()
    assert doubles.cuda.held == 0


@pytest.mark.parametrize('function', ['cudaMalloc', 'cudaMallocHost', 'cudaStreamCreateWithFlags'])
def test_what_was_taken_is_given_back_when_the_opening_fails(
    doubles, model, tmp_path, function, open_trt
):
    doubles.cuda.failing.add(function)
    with pytest.raises(EngineError, match=f'{function} failed'):
        open_trt(model, tmp_path)
    assert doubles.cuda.held == 0
    assert not doubles.cuda.host


def test_without_capture_it_runs_plainly(
    doubles, model, frames, tmp_path, caplog, open_trt, check_results
):
    doubles.cuda.capturable = False
    engine = open_trt(model, tmp_path)
    check_results(engine, frames)
    check_results(engine, frames[:2])
    assert engine.graphs == {4: False, 2: False}
    assert '4 frames run without a CUDA graph: CUDA: cudaStreamEndCapture failed' in caplog.text
    engine.close()
    assert doubles.cuda.held == 0


def test_a_build_tells_how_far_it_is(doubles, model, tmp_path, open_trt):
    told: list[tuple[str, float | None]] = []

    def progress(phase: str, share: float | None) -> bool:
        told.append((phase, share))
        return True

    open_trt(model, tmp_path, progress=progress).close()
    shares = [share for _, share in told]
    assert shares == sorted(shares) and shares[-1] == 0.5
    assert ('Tactics', 0.375) in told


def test_a_build_can_be_given_up(doubles, model, tmp_path, open_trt):
    with pytest.raises(OpeningStopped):
        open_trt(model, tmp_path, progress=lambda phase, share: share < 0.2)
    assert doubles.trt.builds == 0
    assert not list(tmp_path.glob('*.plan'))
