"""The TensorRT engine's own code, on doubles of TensorRT and CUDA that compute real outputs."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from roadseg_core.engines import EngineError, open_engine
from roadseg_core.export.half_precision import convert_file
from roadseg_core.model_file import OUTPUTS as ALL

MODELS = Path(__file__).resolve().parents[3] / 'models'


def test_it_builds_and_computes(doubles, model, frames, tmp_path, caplog, open_trt, check_results):
    caplog.set_level(logging.INFO)
    engine = open_trt(model, tmp_path)
    assert doubles.trt.builds == 1
    assert 'there is no plan for it' in caplog.text
    what = engine.description
    assert (what.backend, what.device, what.precision, what.version) == (
        'tensorrt',
        'cuda:0 (Double GPU)',
        'tf32',
        doubles.trt.version,
    )
    for count in (4, 1, 3, 2, 1, 4):
        check_results(engine, frames[:count])
        check_results(engine, frames[4 - count :])
    assert engine.graphs == {1: True, 2: True, 3: True, 4: True}
    engine.close()


def test_a_batch_size_is_set_up_once_and_then_launched_as_a_graph(
    doubles, model, frames, tmp_path, open_trt
):
    engine = open_trt(model, tmp_path)
    engine.infer(frames[:2])
    doubles.cuda.calls.clear()
    engine.infer(frames[:2])
    assert doubles.cuda.calls == ['cudaSetDevice', 'cudaGraphLaunch', 'cudaStreamSynchronize']
    engine.close()


def test_only_the_asked_outputs_are_computed_and_copied(
    doubles, model, frames, tmp_path, open_trt, check_results
):
    engine = open_trt(model, tmp_path, outputs=('confidence',))
    doubles.cuda.calls.clear()
    check_results(engine, frames[:1])
    # Of the plain run and of the recorded one: frames there, confidence back.
    assert doubles.cuda.calls.count('cudaMemcpyAsync') == 4
    plan = engine.plan.read_bytes()
    assert b'confidence' in plan and b'road_probability' not in plan
    engine.close()


def test_everything_is_given_back_and_results_outlive_the_engine(
    doubles, model, frames, tmp_path, open_trt, expected
):
    engine = open_trt(model, tmp_path)
    result = engine.infer(frames)
    assert doubles.cuda.held > 0
    engine.close()
    engine.close()
    assert doubles.cuda.held == 0
    assert (result.road_probability == expected(frames)['road_probability']).mean() > 0.95
    with pytest.raises(EngineError, match='closed'):
        engine.infer(frames)
    del result, engine
    assert not doubles.cuda.host


def test_devices(doubles, model, tmp_path, open_trt):
    doubles.cuda.gpus.append(('Second GPU', 8, 9))
    engine = open_trt(model, tmp_path, device='cuda:1')
    assert engine.description.device == 'cuda:1 (Second GPU)'
    engine.close()
    for device, why in (('cuda:2', 'has 2 NVIDIA GPUs'), ('CPU', 'expected auto, cuda')):
        with pytest.raises(EngineError, match=why):
            open_trt(model, tmp_path, device=device)
    doubles.cuda.gpus.clear()
    with pytest.raises(EngineError, match='no NVIDIA GPU that CUDA can use.*NoDevice'):
        open_trt(model, tmp_path)


def test_other_threads_and_engines_of_other_gpus_do_not_matter(
    doubles, model, frames, tmp_path, open_trt, check_results
):
    doubles.cuda.gpus.append(('Second GPU', 8, 9))
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(open_trt, model, tmp_path, device='cuda:1').result()
    first = open_trt(model, tmp_path)
    for _ in range(2):
        check_results(second, frames)
        check_results(first, frames)
    first.close()
    second.close()
    assert doubles.cuda.held == 0


def test_precision_is_that_of_the_file(doubles, model, tmp_path, open_trt):
    with pytest.raises(EngineError, match="precision 'fp16' for TensorRT; .* computes in fp32"):
        open_trt(model, tmp_path, precision='fp16')
    engine = open_trt(model, tmp_path, precision='fp32')
    assert engine.description.precision == 'fp32'
    assert b'"tf32": false' in engine.plan.read_bytes()
    engine.close()
    doubles.cuda.gpus = [('Old GPU', 7, 5)]
    engine = open_trt(model, tmp_path)
    assert engine.description.precision == 'fp32'
    engine.close()


def test_auto_takes_tensorrt_where_it_can_run(doubles, model, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    engine = open_engine(model, cache_dir=tmp_path)
    assert engine.description.backend == 'tensorrt'
    engine.close()
    doubles.cuda.gpus.clear()
    engine = open_engine(model, cache_dir=tmp_path)
    assert engine.description.backend == 'openvino'
    engine.close()
    assert 'backend auto: not tensorrt: there is no NVIDIA GPU' in caplog.text


def test_a_file_in_fp16_runs_in_fp16(doubles, model, frames, tmp_path, open_trt, check_results):
    convert_file(model, tmp_path / 'half.onnx', frames, of='noise')
    engine = open_trt(tmp_path / 'half.onnx', tmp_path)
    assert engine.description.precision == 'fp16'
    assert b'"tf32": false' in engine.plan.read_bytes()
    check_results(engine, frames)
    engine.close()


@pytest.mark.parametrize('name', ['mobilenet_fcn_0.5', 'unet_8'])
def test_shipped_models_run_and_agree_with_onnx_runtime(doubles, name, tmp_path, open_trt):
    import onnxruntime

    path = MODELS / f'{name}.onnx'
    engine = open_trt(path, tmp_path)
    height, width = engine.info.geometry.input_size
    frames = np.random.default_rng(2).integers(0, 256, (1, height, width, 3), np.uint8)
    result = engine.infer(frames)
    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    for output, values in zip(ALL, session.run(list(ALL), {'frames': frames})):
        assert np.array_equal(getattr(result, output), values)
    engine.close()
