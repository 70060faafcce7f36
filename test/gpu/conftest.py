"""What runs only where an NVIDIA GPU is; elsewhere every test here skips and says why."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from roadseg_core.engines import Engine, EngineError, open_engine
from roadseg_core.geometry import Geometry
from roadseg_core.sources.picture_batches import load_pictures

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope='session')
def tensorrt() -> None:
    """Skip where TensorRT cannot run."""
    try:
        import tensorrt  # noqa: F401 - only whether it is there

        from roadseg_core.engines.tensorrt.cuda import use_gpu
    except (ImportError, OSError) as error:
        pytest.skip(f'TensorRT or cuda-python cannot be imported here ({error})')
    try:
        use_gpu('auto')
    except EngineError as error:
        pytest.skip(str(error))


@pytest.fixture(scope='session')
def torch_cuda() -> None:
    """Skip where PyTorch has no GPU."""
    import torch

    if not torch.cuda.is_available():
        pytest.skip(f'PyTorch {torch.__version__} can use no NVIDIA GPU here')


@pytest.fixture(scope='session')
def plans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of this run's plans: every one is built once."""
    return tmp_path_factory.mktemp('plans')


@pytest.fixture
def opened(plans: Path) -> Iterator[Callable[..., Engine]]:
    """Return a function that opens an engine; all are closed after the test."""
    engines = []

    def open_there(model: Path, backend: str, **options: object) -> Engine:
        engines.append(open_engine(model, backend=backend, cache_dir=plans, **options))
        return engines[-1]

    yield open_there
    for engine in engines:
        engine.close()


@pytest.fixture(scope='session')
def pictures() -> Callable[[Geometry, int], np.ndarray]:
    """Return a function that gives frames: of a street where the data is there, else noise."""
    data = Path(os.environ.get('ROADSEG_DATA', ROOT.parent / 'shared' / 'data'))
    folder = data / 'camvid' / 'val'

    def load(geometry: Geometry, count: int) -> np.ndarray:
        return load_pictures(geometry, folder if folder.is_dir() else None, count)

    return load


@pytest.fixture(scope='session')
def soak() -> Callable[[Engine, np.ndarray], None]:
    """Return a function that runs an engine on 10,000 frames, of which none may differ."""

    def run(engine: Engine, frames: np.ndarray) -> None:
        batches = [frames[:4], frames[4:8], frames[:1], frames[4:7]]
        expected = [engine.infer(batch).labels.copy() for batch in batches]
        assert not np.array_equal(expected[0], expected[1])
        done = 0
        while done < 10_000:
            for batch, labels in zip(batches, expected):
                assert np.array_equal(engine.infer(batch).labels, labels), f'after {done} frames'
                done += len(batch)

    return run
