"""The cache of the TensorRT engine's plans, on doubles of TensorRT and CUDA."""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import threading
import time

import pytest

from roadseg_core.engines import EngineError, OpeningStopped, open_engine
from roadseg_core.model_file import OUTPUTS as ALL


def test_a_plan_is_found_again(doubles, model, frames, tmp_path, open_trt, check_results):
    open_trt(model, tmp_path).close()
    for allow_build in (True, False):
        engine = open_trt(model, tmp_path, allow_build=allow_build)
        check_results(engine, frames)
        engine.close()
    # The order in which outputs are asked for makes no other plan.
    open_trt(model, tmp_path, outputs=ALL[::-1], allow_build=False).close()
    assert doubles.trt.builds == 1
    sidecar = json.loads(engine.plan.with_suffix('.json').read_text())
    assert sidecar['version'] == doubles.trt.version
    assert sidecar['gpu'] == 'Double GPU'
    assert sidecar['compute_capability'] == '8.7'
    assert sidecar['options'] == {'optimization_level': 3, 'tf32': True, 'max_batch': 4}


def test_another_version_builds_its_own_and_says_why(doubles, model, tmp_path, caplog, open_trt):
    open_trt(model, tmp_path).close()
    before = doubles.trt.version
    doubles.use('11.9.0.1')
    with pytest.raises(
        EngineError,
        match='no plan for it .* but one for version '
        f'{before} instead of 11.9.0.1; building is not',
    ):
        open_trt(model, tmp_path, allow_build=False)
    caplog.set_level(logging.INFO)
    open_trt(model, tmp_path).close()
    assert doubles.trt.builds == 1
    assert f'version {before} instead of 11.9.0.1' in caplog.text
    # Both stay.
    doubles.use(before)
    open_trt(model, tmp_path, allow_build=False).close()


@pytest.mark.parametrize(
    ('change', 'why'),
    [
        ({'gpus': [('Other GPU', 8, 7)]}, 'gpu Double GPU instead of Other GPU'),
        ({'gpus': [('Double GPU', 9, 0)]}, 'compute_capability 8.7 instead of 9.0'),
    ],
)
def test_another_gpu_builds_its_own(doubles, model, tmp_path, change, why, open_trt):
    open_trt(model, tmp_path).close()
    vars(doubles.cuda).update(change)
    with pytest.raises(EngineError, match=why):
        open_trt(model, tmp_path, allow_build=False)


@pytest.mark.parametrize(
    'damage',
    [
        lambda plan: plan.write_bytes(plan.read_bytes()[:-100]),
        lambda plan: plan.write_bytes(b''),
        lambda plan: plan.with_suffix('.json').write_text('{"model'),
        lambda plan: plan.with_suffix('.json').write_text('[]'),
        lambda plan: plan.unlink(),
        lambda plan: plan.with_suffix('.json').unlink(),
    ],
)
def test_a_damaged_plan_is_built_again(
    doubles, model, frames, tmp_path, caplog, damage, open_trt, check_results
):
    engine = open_trt(model, tmp_path)
    engine.close()
    damage(engine.plan)
    with pytest.raises(EngineError, match='allow_build is false'):
        open_trt(model, tmp_path, allow_build=False)
    caplog.set_level(logging.INFO)
    engine = open_trt(model, tmp_path)
    assert 'building a plan, which takes minutes: ' in caplog.text
    check_results(engine, frames)
    engine.close()
    assert doubles.trt.builds == 2
    open_trt(model, tmp_path, allow_build=False).close()


def test_a_plan_that_does_not_load_is_built_again(doubles, model, tmp_path, caplog, open_trt):
    from roadseg_core.engines.tensorrt.plan_cache import PlanCache

    caplog.set_level(logging.INFO)
    engine = open_trt(model, tmp_path)
    engine.close()
    engine._cache.write(b'nothing that TensorRT knows', seconds=1.0)
    assert isinstance(engine._cache, PlanCache)
    open_trt(model, tmp_path).close()
    assert 'cannot load the plan: Error Code 6' in caplog.text
    assert doubles.trt.builds == 2


def test_two_builders_build_one_plan(doubles, model, tmp_path, open_trt):
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
            target=lambda: engines.append(open_trt(model, tmp_path, progress=progress))
        )
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


def test_the_wait_for_another_builder_can_be_given_up(doubles, model, tmp_path, open_trt):
    engine = open_trt(model, tmp_path)
    engine.close()
    engine.plan.unlink()
    with engine._cache.locked(None), pytest.raises(OpeningStopped):
        open_trt(model, tmp_path, progress=lambda phase, share: False)


def test_timings_are_kept_and_left_out_where_they_do_not_fit(doubles, model, tmp_path, open_trt):
    open_trt(model, tmp_path).close()
    (timings,) = tmp_path.glob('timings-*.cache')
    assert timings.read_bytes() == b'timings of ' + doubles.trt.version.encode()
    timings.write_bytes(b'damaged')
    open_trt(model, tmp_path, outputs=('labels',)).close()
    assert timings.read_bytes() == b'timings of ' + doubles.trt.version.encode()


def test_a_folder_that_cannot_be_written_is_named(doubles, model, tmp_path, open_trt):
    folder = tmp_path / 'file'
    folder.write_text('')
    with pytest.raises(EngineError, match='cannot keep a plan .* set cache_dir to a folder'):
        open_trt(model, folder / 'plans')


def test_a_disk_that_is_full_after_the_build_costs_the_file_alone(
    doubles, model, tmp_path, monkeypatch, caplog, open_trt, frames, check_results
):
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, 'fsync', full)
    engine = open_trt(model, tmp_path)
    check_results(engine, frames)
    engine.close()
    assert 'the plan is used, but cannot be kept' in caplog.text
    assert 'No space left on device' in caplog.text
    assert [path.suffix for path in tmp_path.iterdir()] == ['.lock']


@pytest.mark.parametrize('what', ['.', '*.plan', '*.json'])
def test_a_plan_that_others_can_have_written_is_refused(doubles, model, tmp_path, what, open_trt):
    open_trt(model, tmp_path).close()
    (path,) = [tmp_path] if what == '.' else tmp_path.glob(what)
    path.chmod(path.stat().st_mode | 0o002)
    with pytest.raises(EngineError, match=f'{path} can be written by everybody'):
        open_trt(model, tmp_path)
    assert doubles.trt.builds == 1
    path.chmod(path.stat().st_mode & ~0o002)
    open_trt(model, tmp_path).close()
    assert doubles.trt.builds == 1


def test_without_a_folder_plans_are_in_the_users_cache(doubles, model, tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    engine = open_engine(model, backend='tensorrt')
    assert engine.plan.parent == tmp_path / 'roadseg'
    engine.close()


def test_auto_builds_nothing_where_it_must_not(doubles, model, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    engine = open_engine(model, cache_dir=tmp_path, allow_build=False)
    assert engine.description.backend == 'openvino'
    engine.close()
    assert doubles.trt.builds == 0
    assert 'not tensorrt: there is no plan for it' in caplog.text


def test_what_was_read_is_built_whatever_becomes_of_the_file(doubles, model, tmp_path):
    from roadseg_core.model_file import read_model

    path = tmp_path / 'grey.onnx'
    path.write_bytes(model.read_bytes())
    read = read_model(path)
    path.write_bytes(b'another file')
    engine = open_engine(read, backend='tensorrt', cache_dir=tmp_path)
    assert engine.info.sha256 == hashlib.sha256(model.read_bytes()).hexdigest()
    assert doubles.trt.builds == 1
    engine.close()
