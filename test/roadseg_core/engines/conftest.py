"""Doubles of TensorRT and CUDA in the place of the real ones."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import onnx
import pytest

from roadseg_core.engines import Engine, open_engine
from roadseg_core.geometry import Geometry
from roadseg_core.labels import TWO
from roadseg_core.model_file import OUTPUTS, ModelInfo, write_metadata

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


def forget_engine() -> None:
    """Make the next import of the engine take what stands for TensorRT then."""
    for name in [name for name in sys.modules if name.startswith(ENGINE)]:
        del sys.modules[name]


@pytest.fixture(scope='session')
def double_modules() -> dict[str, ModuleType]:
    """Return the modules of the doubles by their names."""
    return {
        name: load_beside(name)
        for name in (
            'binding_double',
            'cuda_double',
            'tensorrt_types_double',
            'tensorrt_builder_double',
            'tensorrt_runtime_double',
            'tensorrt_double',
        )
    }


@pytest.fixture(params=VERSIONS)
def doubles(
    request: pytest.FixtureRequest,
    double_modules: dict[str, ModuleType],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Doubles]:
    """Put doubles in the place of TensorRT and CUDA; ``use(version)`` changes the version."""
    cuda = double_modules['cuda_double'].Cuda()
    doubles = Doubles(cuda, None, lambda version: None)

    def use(version: str) -> None:
        forget_engine()
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
    forget_engine()


@pytest.fixture
def no_tensorrt(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have no TensorRT, whatever this machine has."""
    forget_engine()
    monkeypatch.setitem(sys.modules, 'tensorrt', None)
    yield
    forget_engine()


@pytest.fixture(scope='session')
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small model file with the parts that TensorRT is particular about."""
    helper, kinds = onnx.helper, onnx.TensorProto
    nodes = [
        helper.make_node('Transpose', ['frames'], ['planes'], perm=[0, 3, 1, 2]),
        helper.make_node('Cast', ['planes'], ['values'], to=kinds.FLOAT),
        helper.make_node('ReduceMean', ['values'], ['grey'], axes=[1], keepdims=0),
    ]
    for name in OUTPUTS:
        nodes += [
            helper.make_node('Mul', ['grey', f'{name}_factor'], [f'{name}_scaled']),
            helper.make_node('Round', [f'{name}_scaled'], [f'{name}_round']),
            helper.make_node('Clip', [f'{name}_round', 'least', 'most'], [f'{name}_clip']),
            helper.make_node('Cast', [f'{name}_clip'], [name], to=kinds.UINT8),
        ]
    weights = [
        onnx.numpy_helper.from_array(np.float32(value), name)
        for name, value in (
            ('least', 0),
            ('most', 255),
            ('labels_factor', 1 / 255),
            ('road_probability_factor', 1.0),
            ('confidence_factor', 0.5),
        )
    ]
    graph = helper.make_graph(
        nodes,
        'grey',
        [helper.make_tensor_value_info('frames', kinds.UINT8, ['N', 8, 12, 3])],
        [helper.make_tensor_value_info(name, kinds.UINT8, ['N', 8, 12]) for name in OUTPUTS],
        weights,
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
    onnx.checker.check_model(proto, full_check=True)
    write_metadata(
        proto,
        ModelInfo(
            path=Path('unwritten.onnx'),
            label_map=TWO,
            geometry=Geometry('stretch', (8, 12)),
            network='grey',
            network_arguments={},
            licence='none',
            card='',
            data='',
        ),
    )
    path = tmp_path_factory.mktemp('models') / 'grey.onnx'
    onnx.save(proto, path)
    return path


@pytest.fixture(scope='session')
def frames() -> np.ndarray:
    """Return the largest batch for ``model``."""
    return np.random.default_rng(5).integers(0, 256, (4, 8, 12, 3), np.uint8)


@pytest.fixture(scope='session')
def expected() -> Callable[[np.ndarray], dict[str, np.ndarray]]:
    """Return a function that computes what ``model`` does."""

    def compute(frames: np.ndarray) -> dict[str, np.ndarray]:
        grey = frames.astype(np.float32).mean(3)
        return {
            'labels': (grey / 255).round(),
            'road_probability': grey.round(),
            'confidence': (grey * np.float32(0.5)).round(),
        }

    return compute


@pytest.fixture(scope='session')
def check_results(expected: Callable) -> Callable[[Engine, np.ndarray], None]:
    """Return a function that runs an engine and checks what it returns."""

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

    return check


@pytest.fixture(scope='session')
def open_trt() -> Callable[..., Engine]:
    """Return a function that opens a model file by TensorRT, with plans in a folder."""

    def open_there(model: Path, folder: Path, **options: object) -> Engine:
        return open_engine(
            model, backend='tensorrt', cache_dir=folder, **{'outputs': OUTPUTS, **options}
        )

    return open_there
