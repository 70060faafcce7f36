"""``roadseg build-engine``, on doubles of TensorRT and CUDA."""

from __future__ import annotations

import _thread
import logging
import signal
import sys
import time
from pathlib import Path

import onnx
import pytest

from roadseg_core.cli import main
from roadseg_core.engines import open_engine


@pytest.fixture(autouse=True)
def no_levels():
    """Check that the command leaves the log as it was."""
    logger = logging.getLogger('roadseg_core')
    before = logger.level, list(logger.handlers)
    yield
    assert (logger.level, list(logger.handlers)) == before


def build(model: Path, folder: Path, *arguments: str) -> int:
    return main(['build-engine', str(model), '--cache-dir', str(folder), *arguments])


def test_it_builds_what_the_node_takes(doubles, model, tmp_path, capsys):
    assert build(model, tmp_path) == 0
    told = capsys.readouterr()
    assert doubles.trt.builds == 2
    assert doubles.cuda.held == 0
    plans = sorted(tmp_path.glob('*.plan'))
    for plan in plans:
        assert f'{plan}: ' in told.out
    assert (
        f'TensorRT {doubles.trt.version} on cuda:0 (Double GPU) in tf32; CUDA graphs for '
        '1, 2, 3, 4 frames' in told.out
    )
    for outputs in (('labels',), ('labels', 'confidence')):
        open_engine(
            model, backend='tensorrt', outputs=outputs, cache_dir=tmp_path, allow_build=False
        ).close()
    # Why, on the terminal and in the log.
    log = (tmp_path / 'build-grey.log').read_text()
    for text in (told.err, log):
        assert 'building a plan, which takes minutes: there is no plan for it' in text
    assert f'log: {tmp_path / "build-grey.log"}' in told.out
    assert 'TensorRT: the double builds' in log


def test_what_is_there_is_not_built_again(doubles, model, tmp_path, capsys):
    assert build(model, tmp_path, '--outputs', 'labels') == 0
    assert build(model, tmp_path, '--outputs', 'labels', '--outputs', 'confidence') == 0
    assert doubles.trt.builds == 2
    assert 'plan found: ' in capsys.readouterr().err
    # The log of the build is still there.
    log = (tmp_path / 'build-grey.log').read_text()
    assert log.index('the double builds') < log.index('plan found: ')
    doubles.use('11.9.0.1')
    assert build(model, tmp_path, '--outputs', 'labels') == 0
    assert 'instead of 11.9.0.1' in capsys.readouterr().err


def test_a_failing_build_is_told_and_logged(doubles, model, tmp_path, capsys):
    doubles.trt.failing.add('build')
    assert build(model, tmp_path, '--log', str(tmp_path / 'a' / 'log.txt')) == 1
    assert 'roadseg build-engine: TensorRT cannot build' in capsys.readouterr().err
    assert 'Error Code 10' in (tmp_path / 'a' / 'log.txt').read_text()
    assert not list(tmp_path.glob('*.plan'))


@pytest.fixture
def interruptible():
    """Let SIGINT interrupt, also where a shell in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures('interruptible')
def test_an_interrupted_build_ends(doubles, model, tmp_path, capsys):
    waited = []

    def interrupt() -> None:
        if not waited:
            waited.append(True)
            # As SIGINT does it, without its C handler, which libraries of other tests may upset.
            _thread.interrupt_main()
            deadline = time.monotonic() + 20.0
            while time.monotonic() < deadline and (
                'ends at its next step' not in capsys.readouterr().err
            ):
                time.sleep(0.02)

    doubles.trt.at_step = interrupt
    assert build(model, tmp_path) == 130
    assert doubles.trt.builds == 0
    assert not list(tmp_path.glob('*.plan'))


def test_without_tensorrt_it_says_what_to_install(no_tensorrt, model, tmp_path, capsys):
    assert build(model, tmp_path) == 1
    assert 'needs the packages tensorrt and cuda-python' in capsys.readouterr().err


def test_a_package_without_its_library_is_told(no_tensorrt, model, tmp_path, capsys, monkeypatch):
    (tmp_path / 'tensorrt.py').write_text(
        "raise FileNotFoundError('Could not find: libnvinfer.so.10')"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, 'tensorrt')
    assert build(model, tmp_path) == 1
    assert 'cannot be imported here (Could not find: libnvinfer' in capsys.readouterr().err
    # auto goes on without it.
    open_engine(model, outputs=('labels',)).close()


def test_check_needs_no_tensorrt(no_tensorrt, model, tmp_path, capsys):
    assert main(['build-engine', str(model), '--check']) == 0
    assert 'grey.onnx, labels: keeps the rules' in capsys.readouterr().out
    graph = onnx.load(model)
    for node in graph.graph.node:
        if node.op_type == 'Round':
            node.op_type = 'Floor'
    onnx.save(graph, tmp_path / 'floor.onnx')
    assert main(['build-engine', str(tmp_path / 'floor.onnx'), '--check']) == 1
    assert 'Round must come before the cast' in capsys.readouterr().err
