"""TensorRT on a GPU: builds, precision, CUDA graphs, a soak, two engines at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from roadseg_core.export.half_precision import convert_file
from roadseg_core.model_file import INPUT, OUTPUTS, read_model_info, write_metadata
from roadseg_core.quantization.graph import quantize_graph

pytestmark = pytest.mark.usefixtures('tensorrt')

MODELS = [
    path
    for path in sorted((Path(__file__).resolve().parents[2] / 'models').glob('*.onnx'))
    if read_model_info(path).precision == 'fp32'
]


@pytest.fixture(scope='module', params=MODELS, ids=lambda path: path.stem)
def model(request: pytest.FixtureRequest) -> Path:
    return request.param


def on_the_cpu(path: Path, frames: np.ndarray) -> dict[str, np.ndarray]:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    return dict(zip(OUTPUTS, session.run(list(OUTPUTS), {INPUT: frames})))


def test_a_plan_is_built_and_found_again(model, opened, pictures):
    frames = pictures(read_model_info(model).geometry, 4)
    expected = on_the_cpu(model, frames)
    for allow_build in (True, False):
        engine = opened(
            model, 'tensorrt', precision='fp32', outputs=OUTPUTS, allow_build=allow_build
        )
        result = engine.infer(frames)
        assert (result.labels == expected['labels']).mean() >= 0.999
        for name in OUTPUTS[1:]:
            difference = np.abs(getattr(result, name).astype(int) - expected[name])
            assert difference.mean() < 0.5 and np.percentile(difference, 99.9) <= 3


def test_tf32_agrees_with_fp32(model, opened, pictures):
    frames = pictures(read_model_info(model).geometry, 4)
    strict = opened(model, 'tensorrt', precision='fp32').infer(frames).labels.copy()
    assert (opened(model, 'tensorrt').infer(frames).labels == strict).mean() >= 0.995


def test_fp16_agrees_with_fp32(model, opened, pictures, tmp_path):
    frames = pictures(read_model_info(model).geometry, 4)
    convert_file(model, tmp_path / 'half.onnx', frames, of='test')
    half = opened(tmp_path / 'half.onnx', 'tensorrt')
    assert half.description.precision == 'fp16'
    strict = opened(model, 'tensorrt', precision='fp32')
    assert (half.infer(frames).labels == strict.infer(frames).labels).mean() >= 0.995


def test_int8_computes_what_the_file_says(model, opened, pictures, tmp_path):
    info = read_model_info(model)
    frames = pictures(info.geometry, 8)
    quantized = quantize_graph(onnx.load(model), frames)
    write_metadata(quantized, replace(info, precision='int8'))
    path = tmp_path / 'int8.onnx'
    onnx.save(quantized, path)
    engine = opened(path, 'tensorrt')
    assert engine.description.precision == 'int8'
    labels = engine.infer(frames[:4]).labels
    # Kernels may round a half to the other side, and that spreads.
    assert (labels == on_the_cpu(path, frames[:4])['labels']).mean() >= 0.97


def test_every_batch_size_runs_as_a_cuda_graph(model, opened, pictures):
    engine = opened(model, 'tensorrt')
    frames = pictures(engine.info.geometry, 4)
    whole = engine.infer(frames).labels.copy()
    for count in (1, 2, 3):
        for _ in range(2):
            assert (engine.infer(frames[:count]).labels == whole[:count]).mean() >= 0.999
    assert engine.graphs == {1: True, 2: True, 3: True, 4: True}


def test_a_soak_leaves_results_and_memory_as_they_were(model, opened, pictures, soak):
    from cuda.bindings import runtime as cudart

    engine = opened(model, 'tensorrt')
    frames = pictures(engine.info.geometry, 8)
    for count in (1, 2, 3, 4):
        engine.infer(frames[:count])
    _, free, _ = cudart.cudaMemGetInfo()
    soak(engine, frames)
    _, free_after, _ = cudart.cudaMemGetInfo()
    assert free - free_after < 64 * 2**20


def test_two_engines_in_two_threads_do_not_disturb_each_other(opened, pictures):
    engines = [opened(path, 'tensorrt') for path in MODELS[:2]]
    frames = [pictures(engine.info.geometry, 4) for engine in engines]
    expected = [engine.infer(batch).labels.copy() for engine, batch in zip(engines, frames)]

    def work(index: int) -> int:
        return sum(
            not np.array_equal(engines[index].infer(frames[index]).labels, expected[index])
            for _ in range(500)
        )

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(work, range(2))) == [0, 0]


def test_an_engine_opens_while_another_one_works(opened, pictures):
    first = opened(MODELS[0], 'tensorrt')
    frames = pictures(first.info.geometry, 4)
    expected = first.infer(frames).labels.copy()
    with ThreadPoolExecutor(1) as pool:
        opening = pool.submit(opened, MODELS[0], 'tensorrt', outputs=('labels', 'confidence'))
        while not opening.done():
            assert np.array_equal(first.infer(frames).labels, expected)
        second = opening.result()
    # It was opened in another thread.
    assert (second.infer(frames).labels == expected).mean() >= 0.999
