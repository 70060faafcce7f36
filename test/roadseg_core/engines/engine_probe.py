"""
Run what the TensorRT engine can run on the real bindings without a GPU and the libraries.

Run with the stub libraries on LD_LIBRARY_PATH and the bindings on PYTHONPATH; the argument is a
model file. Raises where something is not as the engine takes it to be.
"""

from __future__ import annotations

import logging
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
import tensorrt_bindings
from cuda.bindings import runtime as cudart

sys.modules['tensorrt'] = tensorrt_bindings

from roadseg_core.engines import EngineError, open_engine  # noqa: E402 - after the name is there
from roadseg_core.engines.tensorrt.build import build_plan  # noqa: E402
from roadseg_core.engines.tensorrt.log import BuildMonitor, tensorrt_log  # noqa: E402
from roadseg_core.engines.tensorrt.runtime import PlanRunner  # noqa: E402
from roadseg_core.model_file import read_model_info  # noqa: E402


def main(model: Path) -> None:
    """Check what can be checked."""
    trt = tensorrt_bindings
    logging.basicConfig(level=logging.DEBUG)
    expect_error(
        'no NVIDIA GPU|no runtime here|no builder here',
        lambda: open_engine(model, backend='tensorrt', cache_dir=tempfile.mkdtemp()),
    )
    expect_error(
        'no builder here',
        lambda: build_plan(
            model.read_bytes(),
            read_model_info(model),
            outputs=('labels',),
            tf32=True,
            timing_cache=None,
            progress=None,
        ),
    )
    expect_error(
        'no runtime here',
        lambda: PlanRunner(b'plan', gpu=0, outputs=('labels',), frames=(4, 320, 480, 3)),
    )

    log = tensorrt_log()
    for severity in (
        trt.ILogger.Severity.VERBOSE,
        trt.ILogger.Severity.INFO,
        trt.ILogger.Severity.WARNING,
    ):
        log.log(severity, 'told')
    log.log(trt.ILogger.Severity.ERROR, 'it failed')
    assert log.take_errors() == 'it failed'

    shares: list[float | None] = []

    def progress(phase: str, share: float | None) -> bool:
        shares.append(share)
        return len(shares) < 4

    monitor = BuildMonitor(progress)
    assert isinstance(monitor, trt.IProgressMonitor) and isinstance(log, trt.ILogger)
    monitor.phase_start('outer', None, 2)
    monitor.phase_start('inner', 'outer', 2)
    assert monitor.step_complete('inner', 0)
    assert not monitor.step_complete('inner', 1)
    assert monitor.stopped and shares == [0.0, 0.0, 0.25, 0.5]

    assert tuple(trt.Dims([4, 320, 480, 3])) == (4, 320, 480, 3)
    assert 1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED) > 0
    assert trt.DataType.UINT8 != trt.DataType.FLOAT
    assert int(cudart.cudaStream_t()) == 0
    print('as expected')


def expect_error(words: str, action: Callable[[], object]) -> None:
    """Check that an action fails with one of some words."""
    with pytest.raises(EngineError, match=words):
        action()


if __name__ == '__main__':
    main(Path(sys.argv[1]))
