"""The TensorRT engine's own code, on doubles of TensorRT and CUDA that compute real outputs."""

from __future__ import annotations

import json
import logging
from pathlib import Path
import threading
import time

import numpy as np
import onnx
import pytest

from roadseg_core.engines import Engine, EngineError, open_engine, OpeningStopped

MODELS = Path(__file__).resolve().parents[3] / 'models'
ALL = ('labels', 'road_probability', 'confidence')


@pytest.fixture(scope='session')
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small model file with the parts that TensorRT is particular about."""
    from roadseg_core.geometry import Geometry
    from roadseg_core.labels import TWO
    from roadseg_core.model_file import write_metadata

    helper, kinds = onnx.helper, onnx.TensorProto
    nodes = [
        helper.make_node('Transpose', ['frames'], ['planes'], perm=[0, 3, 1, 2]),
        helper.make_node('Cast', ['planes'], ['values'], to=kinds.FLOAT),
        helper.make_node('ReduceMean', ['values'], ['grey'], axes=[1], keepdims=0)]
    for name in ALL:
        nodes += [
            helper.make_node('Mul', ['grey', f'{name}_factor'], [f'{name}_scaled']),
            helper.make_node('Round', [f'{name}_scaled'], [f'{name}_round']),
            helper.make_node('Clip', [f'{name}_round', 'least', 'most'], [f'{name}_clip']),
            helper.make_node('Cast', [f'{name}_clip'], [name], to=kinds.UINT8)]
    weights = [onnx.numpy_helper.from_array(np.float32(value), name) for name, value in (
        ('least', 0), ('most', 255), ('labels_factor', 1 / 255),
        ('road_probability_factor', 1.0), ('confidence_factor', 0.5))]
    graph = helper.make_graph(
        nodes, 'grey', [helper.make_tensor_value_info('frames', kinds.UINT8, ['N', 8, 12, 3])],
        [helper.make_tensor_value_info(name, kinds.UINT8, ['N', 8, 12]) for name in ALL], weights)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
    onnx.checker.check_model(proto, full_check=True)
    write_metadata(
        proto, label_map=TWO, geometry=Geometry('stretch', (8, 12)), network='grey',
        network_arguments={}, max_batch=4, precision='fp32', licence='none', card='', data='',
        metrics={}, commit='', agreement={})
    path = tmp_path_factory.mktemp('models') / 'grey.onnx'
    onnx.save(proto, path)
    return path


@pytest.fixture(scope='module')
def frames() -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (4, 8, 12, 3), np.uint8)


def expected(frames: np.ndarray) -> dict[str, np.ndarray]:
    grey = frames.astype(np.float32).mean(3)
    return {'labels': (grey / 255).round(), 'road_probability': grey.round(),
            'confidence': (grey * np.float32(0.5)).round()}


def check(engine: Engine, frames: np.ndarray) -> None:
    result = engine.infer(frames)
    for name, values in expected(frames).items():
        found = getattr(result, name)
        if name not in engine.outputs:
            assert found is None
        else:
            assert found.dtype == np.uint8 and found.shape == values.shape
            # A sum in another order may fall on the other side of a half.
            assert np.abs(found.astype(int) - values).max() <= 1
            assert (found == values).mean() > 0.95


def open_trt(model: Path, folder: Path, **options: object) -> Engine:
    return open_engine(model, backend='tensorrt', cache_dir=folder, **{'outputs': ALL, **options})


def test_it_builds_and_computes(doubles, model, frames, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    engine = open_trt(model, tmp_path)
    assert doubles.trt.builds == 1
    assert 'there is no plan for it' in caplog.text
    what = engine.description
    assert (what.backend, what.device, what.precision, what.version) == (
        'tensorrt', 'cuda:0 (Double GPU)', 'tf32', doubles.trt.version)
    for count in (4, 1, 3, 2, 1, 4):
        check(engine, frames[:count])
        check(engine, frames[4 - count:])
    assert engine.graphs == {1: True, 2: True, 3: True, 4: True}
    engine.close()


def test_a_batch_size_is_set_up_once_and_then_launched_as_a_graph(
        doubles, model, frames, tmp_path):
    engine = open_trt(model, tmp_path)
    engine.infer(frames[:2])
    doubles.cuda.calls.clear()
    engine.infer(frames[:2])
    assert doubles.cuda.calls == ['cudaGraphLaunch', 'cudaStreamSynchronize']
    engine.close()


def test_only_the_asked_outputs_are_computed_and_copied(doubles, model, frames, tmp_path):
    engine = open_trt(model, tmp_path, outputs=('confidence',))
    doubles.cuda.calls.clear()
    check(engine, frames[:1])
    # Of the plain run and of the recorded one: frames there, confidence back.
    assert doubles.cuda.calls.count('cudaMemcpyAsync') == 4
    plan = engine.plan.read_bytes()
    assert b'confidence' in plan and b'road_probability' not in plan
    engine.close()


def test_everything_is_given_back_and_results_outlive_the_engine(
        doubles, model, frames, tmp_path):
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


def test_a_plan_is_found_again(doubles, model, frames, tmp_path):
    open_trt(model, tmp_path).close()
    for allow_build in (True, False):
        engine = open_trt(model, tmp_path, allow_build=allow_build)
        check(engine, frames)
        engine.close()
    # The order in which outputs are asked for makes no other plan.
    open_trt(model, tmp_path, outputs=ALL[::-1], allow_build=False).close()
    assert doubles.trt.builds == 1
    sidecar = json.loads(engine.plan.with_suffix('.json').read_text())
    assert sidecar['version'] == doubles.trt.version
    assert sidecar['gpu'] == 'Double GPU'
    assert sidecar['compute_capability'] == '8.7'
    assert sidecar['options'] == {'optimization_level': 3, 'tf32': True, 'max_batch': 4}


def test_another_version_builds_its_own_and_says_why(doubles, model, tmp_path, caplog):
    open_trt(model, tmp_path).close()
    before = doubles.trt.version
    doubles.use('11.9.0.1')
    with pytest.raises(EngineError, match='no plan for it .* but one for version '
                                          f'{before} instead of 11.9.0.1; building is not'):
        open_trt(model, tmp_path, allow_build=False)
    caplog.set_level(logging.INFO)
    open_trt(model, tmp_path).close()
    assert doubles.trt.builds == 1
    assert f'version {before} instead of 11.9.0.1' in caplog.text
    # Both stay.
    doubles.use(before)
    open_trt(model, tmp_path, allow_build=False).close()


@pytest.mark.parametrize(('change', 'why'), [
    ({'gpus': [('Other GPU', 8, 7)]}, 'gpu Double GPU instead of Other GPU'),
    ({'gpus': [('Double GPU', 9, 0)]}, 'compute_capability 8.7 instead of 9.0')])
def test_another_gpu_builds_its_own(doubles, model, tmp_path, change, why):
    open_trt(model, tmp_path).close()
    vars(doubles.cuda).update(change)
    with pytest.raises(EngineError, match=why):
        open_trt(model, tmp_path, allow_build=False)


def test_an_unknown_version_is_refused(doubles, model, tmp_path):
    doubles.use('12.0.0')
    with pytest.raises(EngineError, match='TensorRT 12.0.0; expected 10.x to 11.x'):
        open_trt(model, tmp_path)


@pytest.mark.parametrize('damage', [
    lambda plan: plan.write_bytes(plan.read_bytes()[:-100]),
    lambda plan: plan.write_bytes(b''),
    lambda plan: plan.with_suffix('.json').write_text('{"model'),
    lambda plan: plan.with_suffix('.json').write_text('[]'),
    lambda plan: plan.unlink(),
    lambda plan: plan.with_suffix('.json').unlink()])
def test_a_damaged_plan_is_built_again(doubles, model, frames, tmp_path, caplog, damage):
    engine = open_trt(model, tmp_path)
    engine.close()
    damage(engine.plan)
    with pytest.raises(EngineError, match='allow_build is false'):
        open_trt(model, tmp_path, allow_build=False)
    caplog.set_level(logging.INFO)
    engine = open_trt(model, tmp_path)
    assert 'building a plan, which takes minutes: ' in caplog.text
    check(engine, frames)
    engine.close()
    assert doubles.trt.builds == 2
    open_trt(model, tmp_path, allow_build=False).close()


def test_a_plan_that_does_not_load_is_built_again(doubles, model, tmp_path, caplog):
    from roadseg_core.engines.plan_cache import PlanCache
    caplog.set_level(logging.INFO)
    engine = open_trt(model, tmp_path)
    engine.close()
    engine._cache.write(b'nothing that TensorRT knows', seconds=1.0)
    assert isinstance(engine._cache, PlanCache)
    open_trt(model, tmp_path).close()
    assert 'cannot load the plan: Error Code 6' in caplog.text
    assert doubles.trt.builds == 2


def test_a_failing_build_says_why_and_leaves_nothing(doubles, model, frames, tmp_path):
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
    check(engine, frames)
    engine.close()


def test_a_failing_run_is_an_error_with_the_cause(doubles, model, frames, tmp_path):
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


@pytest.mark.parametrize('function', ['cudaMalloc', 'cudaMallocHost',
                                      'cudaStreamCreateWithFlags'])
def test_what_was_taken_is_given_back_when_the_opening_fails(doubles, model, tmp_path, function):
    doubles.cuda.failing.add(function)
    with pytest.raises(EngineError, match=f'{function} failed'):
        open_trt(model, tmp_path)
    assert doubles.cuda.held == 0
    assert not doubles.cuda.host


def test_without_capture_it_runs_plainly(doubles, model, frames, tmp_path, caplog):
    doubles.cuda.capturable = False
    engine = open_trt(model, tmp_path)
    check(engine, frames)
    check(engine, frames[:2])
    assert engine.graphs == {4: False, 2: False}
    assert '4 frames run without a CUDA graph: CUDA: cudaStreamEndCapture failed' in caplog.text
    engine.close()
    assert doubles.cuda.held == 0


def test_devices(doubles, model, tmp_path):
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


def test_precision_is_that_of_the_file(doubles, model, tmp_path):
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


def test_a_build_tells_how_far_it_is(doubles, model, tmp_path):
    told: list[tuple[str, float | None]] = []

    def progress(phase: str, share: float | None) -> bool:
        told.append((phase, share))
        return True

    open_trt(model, tmp_path, progress=progress).close()
    shares = [share for _, share in told]
    assert shares == sorted(shares) and shares[-1] == 0.5
    assert ('Tactics', 0.375) in told


def test_a_build_can_be_given_up(doubles, model, tmp_path):
    with pytest.raises(OpeningStopped):
        open_trt(model, tmp_path, progress=lambda phase, share: share < 0.2)
    assert doubles.trt.builds == 0
    assert not list(tmp_path.glob('*.plan'))


def test_two_builders_build_one_plan(doubles, model, tmp_path):
    waiting, told, engines = threading.Event(), [], []

    def hold() -> None:
        # The first builder goes on when the second one says that it waits.
        assert waiting.wait(10.0)

    def progress(phase: str, share: float | None) -> bool:
        told.append(phase)
        if phase == 'another process builds the plan':
            waiting.set()
        return True

    doubles.trt.at_step = hold
    threads = []
    for _ in range(2):
        thread = threading.Thread(
            target=lambda: engines.append(open_trt(model, tmp_path, progress=progress)))
        thread.start()
        threads.append(thread)
        deadline = time.monotonic() + 10.0
        while not told and time.monotonic() < deadline:
            time.sleep(0.01)
    for thread in threads:
        thread.join(20.0)
    assert len(engines) == 2
    assert doubles.trt.builds == 1
    assert told.count('another process builds the plan') >= 1
    for engine in engines:
        engine.close()


def test_the_wait_for_another_builder_can_be_given_up(doubles, model, tmp_path):
    engine = open_trt(model, tmp_path)
    engine.close()
    engine.plan.unlink()
    with engine._cache.locked(None), pytest.raises(OpeningStopped):
        open_trt(model, tmp_path, progress=lambda phase, share: False)


def test_timings_are_kept_and_left_out_where_they_do_not_fit(doubles, model, tmp_path):
    open_trt(model, tmp_path).close()
    timings, = tmp_path.glob('timings-*.cache')
    assert timings.read_bytes() == b'timings of ' + doubles.trt.version.encode()
    timings.write_bytes(b'damaged')
    open_trt(model, tmp_path, outputs=('labels',)).close()
    assert timings.read_bytes() == b'timings of ' + doubles.trt.version.encode()


def test_a_folder_that_cannot_be_written_is_named(doubles, model, tmp_path):
    folder = tmp_path / 'file'
    folder.write_text('')
    with pytest.raises(EngineError, match='cannot keep a plan .* set cache_dir to a folder'):
        open_trt(model, folder / 'plans')


def test_without_a_folder_plans_are_in_the_users_cache(doubles, model, tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    engine = open_engine(model, backend='tensorrt')
    assert engine.plan.parent == tmp_path / 'roadseg'
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


def test_auto_builds_nothing_where_it_must_not(doubles, model, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    engine = open_engine(model, cache_dir=tmp_path, allow_build=False)
    assert engine.description.backend == 'openvino'
    engine.close()
    assert doubles.trt.builds == 0
    assert 'not tensorrt: there is no plan for it' in caplog.text


def test_a_model_file_that_changed_meanwhile_is_refused(doubles, model, tmp_path):
    from roadseg_core.engines.tensorrt import TensorRtEngine
    from roadseg_core.model_file import read_model_info
    path = tmp_path / 'grey.onnx'
    path.write_bytes(model.read_bytes())
    info = read_model_info(path)
    path.write_bytes(model.read_bytes() + b'\n')
    with pytest.raises(EngineError, match='changed while it was opened'):
        TensorRtEngine(info, outputs=('labels',), device='auto', precision='auto',
                       cache_dir=tmp_path, allow_build=True, progress=None)


@pytest.mark.parametrize('name', ['mobilenet_fcn_0.5', 'unet_8'])
def test_shipped_models_run_and_agree_with_onnx_runtime(doubles, name, tmp_path):
    import onnxruntime

    path = MODELS / f'{name}.onnx'
    engine = open_trt(path, tmp_path)
    height, width = engine.info.geometry.input_size
    frames = np.random.default_rng(2).integers(0, 256, (2, height, width, 3), np.uint8)
    result = engine.infer(frames)
    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    for output, values in zip(ALL, session.run(list(ALL), {'frames': frames})):
        assert np.array_equal(getattr(result, output), values)
    engine.close()
