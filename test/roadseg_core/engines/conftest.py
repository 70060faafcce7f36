"""Doubles of TensorRT and CUDA in the place of the real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
import importlib
import importlib.util
from pathlib import Path
import sys
from types import ModuleType

import pytest

VERSIONS = ('10.13.3.9.post1', '11.4.0.106')
ENGINE = 'roadseg_core.engines.tensorrt'


@dataclass
class Doubles:
    """What stands behind the doubles: see ``Cuda`` and ``TensorRt`` there."""

    cuda: object
    trt: object
    use: Callable[[str], None]


def load_beside(name: str) -> ModuleType:
    """Import a module of this folder, which is no package."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f'{name}.py'))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def forget_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the next import of the engine take what stands for TensorRT then."""
    for name in [name for name in sys.modules if name.startswith(ENGINE)]:
        monkeypatch.delitem(sys.modules, name)


@pytest.fixture(scope='session')
def double_modules() -> dict[str, ModuleType]:
    """Return the modules of the doubles by their names."""
    return {name: load_beside(name)
            for name in ('binding_double', 'cuda_double', 'tensorrt_double')}


@pytest.fixture(params=VERSIONS)
def doubles(
    request: pytest.FixtureRequest, double_modules: dict[str, ModuleType],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Doubles]:
    """Put doubles in the place of TensorRT and CUDA; ``use(version)`` changes the version."""
    cuda = double_modules['cuda_double'].Cuda()
    doubles = Doubles(cuda, None, lambda version: None)

    def use(version: str) -> None:
        forget_engine(monkeypatch)
        doubles.trt = double_modules['tensorrt_double'].TensorRt(version, cuda)
        monkeypatch.setitem(sys.modules, 'tensorrt', doubles.trt.module())

    runtime = cuda.module()
    bindings = ModuleType('cuda.bindings')
    bindings.runtime = runtime
    package = ModuleType('cuda')
    package.bindings = bindings
    for module in (package, bindings, runtime):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    doubles.use = use
    use(request.param)
    yield doubles
    forget_engine(monkeypatch)
