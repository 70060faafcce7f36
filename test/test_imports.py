"""Who may import what: the library no ROS, the inference path no torch."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ('roadseg_core', 'roadseg_ros')

ROS = frozenset(
    {
        'ament_index_python',
        'builtin_interfaces',
        'cv_bridge',
        'diagnostic_msgs',
        'diagnostic_updater',
        'geometry_msgs',
        'image_transport',
        'launch',
        'launch_ros',
        'lifecycle_msgs',
        'message_filters',
        'nav_msgs',
        'rcl_interfaces',
        'rclpy',
        'roadseg_ros',
        'ros2cli',
        'ros2pkg',
        'rosbag2_py',
        'rosgraph_msgs',
        'rosidl_runtime_py',
        'rpyutils',
        'sensor_msgs',
        'sensor_msgs_py',
        'std_msgs',
        'std_srvs',
        'tf2_msgs',
        'tf2_ros',
        'vision_msgs',
    }
)
TORCH = frozenset({'torch', 'torchvision', 'lightning', 'functorch'})
CUDA = frozenset({'cuda', 'cupy', 'pycuda', 'pynvml', 'tensorrt', 'tensorrt_lean'})

INFERENCE = (
    'roadseg_core.labels',
    'roadseg_core.geometry',
    'roadseg_core.model_file',
    'roadseg_core.engines',
    'roadseg_core.pipeline',
)
NODE = 'roadseg_ros.segmentation_node'
NODE_PROCESS = 'roadseg_ros.node.process'
"""What the executable loads once it runs."""
TORCH_ENGINE = 'roadseg_core.engines.torch'
TORCH_ENGINES = frozenset({TORCH_ENGINE, 'roadseg_core.engines.torch_cuda'})


@cache
def modules() -> dict[str, Path]:
    """Return every module of the project by its dotted name."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob('*.py')):
            parts = path.relative_to(ROOT).with_suffix('').parts
            name = '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)
            found[name] = path
    return found


@cache
def imports(module: str) -> frozenset[str]:
    """Return the dotted names that a module imports, at its top or inside functions."""
    path = modules()[module]
    package = module if path.name == '__init__.py' else module.rpartition('.')[0]
    found = set()
    for node in runtime_nodes(ast.parse(path.read_text(encoding='utf-8'), str(path))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = '.' * node.level + (node.module or '')
            base = importlib.util.resolve_name(base, package)
            # A name may be a submodule: `from roadseg_core import labels`.
            found.add(base)
            found.update(f'{base}.{alias.name}' for alias in node.names)
        elif is_import_call(node):
            found.add(importlib.util.resolve_name(node.args[0].value, package))
    return frozenset(found)


def is_import_call(node: ast.AST) -> bool:
    """Tell whether a node is import_module('name') or __import__('name')."""
    if not (isinstance(node, ast.Call) and node.args):
        return False
    function = node.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, 'id', '')
    argument = node.args[0]
    return (
        name in ('import_module', '__import__')
        and isinstance(argument, ast.Constant)
        and isinstance(argument.value, str)
    )


def runtime_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Walk a tree, leaving out what only type checkers run."""
    yield node
    if isinstance(node, ast.If) and 'TYPE_CHECKING' in ast.unparse(node.test):
        children = node.orelse
    else:
        children = ast.iter_child_nodes(node)
    for child in children:
        yield from runtime_nodes(child)


def reachable(starts: set[str], *, stop: frozenset[str] = frozenset()) -> dict[str, str]:
    """
    Follow imports from some modules through the project.

    :param starts: modules of the project
    :param stop: modules of the project that are not entered
    :returns: each imported name, of the project or not, with the chain that leads to it
    """
    chains = {name: name for name in starts}
    waiting = list(starts)
    while waiting:
        module = waiting.pop()
        if module not in modules() or module in stop:
            continue
        parents = [module[:i] for i, letter in enumerate(module) if letter == '.']
        for name in sorted(imports(module).union(parents)):
            if name not in chains:
                chains[name] = f'{chains[module]} -> {name}'
                waiting.append(name)
    return chains


def chains_to(forbidden: frozenset[str], chains: dict[str, str]) -> list[str]:
    return sorted(chain for name, chain in chains.items() if name.partition('.')[0] in forbidden)


def within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f'{package}.') for package in packages)


def test_the_library_imports_no_ros() -> None:
    starts = {name for name in modules() if within(name, ('roadseg_core',))}
    assert 'roadseg_core.labels' in starts
    assert chains_to(ROS, reachable(starts)) == []


def test_the_launch_files_need_no_more_than_a_distribution_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """ros2 launch runs them under the system's Python; cv2, where it is reached, is its own."""
    files = {path.name.replace('.', '_'): path for path in (ROOT / 'launch').glob('*.py')}
    assert 'seg_launch_py' in files
    for name, path in files.items():
        monkeypatch.setitem(modules(), name, path)
    known = {*sys.stdlib_module_names, *PACKAGES, *files, 'yaml', 'numpy', 'cv2'}
    known |= {'ament_index_python', 'launch', 'launch_ros'}
    chains = reachable(set(files))
    assert 'roadseg_core.budget.scenario' in chains
    needless = {name.partition('.')[0] for name in chains} - known
    assert chains_to(frozenset(needless), chains) == []


def test_the_inference_path_imports_no_torch() -> None:
    starts = {name for name in modules() if within(name, (*INFERENCE, NODE))} - TORCH_ENGINES
    assert 'roadseg_core.pipeline.conversion' in starts
    assert chains_to(TORCH, reachable(starts, stop=TORCH_ENGINES)) == []


def test_only_the_opening_of_engines_knows_the_torch_engine() -> None:
    starts = {name for name in modules() if within(name, INFERENCE)} - TORCH_ENGINES
    assert {name for name in starts if TORCH_ENGINES & imports(name)} <= {'roadseg_core.engines'}


def test_only_the_tensorrt_engine_imports_cuda() -> None:
    found = {
        name
        for name in modules()
        if any(imported.partition('.')[0] in CUDA for imported in imports(name))
    }
    assert all(name.startswith('roadseg_core.engines.tensorrt') for name in found), found


@pytest.mark.parametrize(
    ('source', 'expected'),
    [
        ('import torch.nn as nn', {'torch.nn'}),
        ('from torch import nn', {'torch', 'torch.nn'}),
        ('def f():\n    import torch', {'torch'}),
        ('from . import other', {'roadseg_core', 'roadseg_core.other'}),
        ("importlib.import_module('torch')", {'torch'}),
        ('if TYPE_CHECKING:\n    import torch\nelse:\n    import cv2', {'cv2'}),
        ('try:\n    import rclpy\nexcept ImportError:\n    pass', {'rclpy'}),
    ],
)
def test_imports_are_found(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    expected: set[str],
) -> None:
    path = tmp_path / 'probe.py'
    path.write_text(source, encoding='utf-8')
    monkeypatch.setitem(modules(), 'roadseg_core.probe', path)
    try:
        assert imports('roadseg_core.probe') == expected
    finally:
        imports.cache_clear()


@pytest.mark.parametrize(
    'module',
    [
        'roadseg_core.pipeline.outputs',
        'roadseg_core.pipeline.compressed',
        'roadseg_core.engines',
        'roadseg_core.model_file',
        NODE,
        NODE_PROCESS,
    ],
)
def test_importing_loads_no_torch(module: str) -> None:
    """Import for real: what others import could bring torch along too."""
    assert module in modules()
    if module.startswith('roadseg_ros') and importlib.util.find_spec('rclpy') is None:
        pytest.skip('needs rclpy: a ROS distribution or its wheels')
    program = f'import sys; import {module}; sys.exit("torch" in sys.modules)'
    result = subprocess.run(
        [sys.executable, '-c', program], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stderr or f'{module} brings torch'


LAYERS = (
    (
        'labels',
        'geometry',
        'golden_frame',
        'resizing',
        'files',
        'machine',
        'shared_memory',
        'missing',
        'model_file',
        'yaml_file',
        'command_line',
    ),
    ('ground', 'health', 'pipeline'),
    ('models',),
    ('checkpoint', 'deployed', 'rewriting'),
    ('engines',),
    ('metrics',),
    ('rendering',),
    ('data',),
    ('bags',),
    ('sources', 'playing'),
    ('training', 'export'),
    ('report',),
    ('evaluation',),
    ('quantization', 'benchmarking', 'budget', 'segmenting'),
    ('commands', 'cli'),
)
"""The library from its foundation to its commands: nobody imports from a later layer."""


def layer(name: str) -> int | None:
    """Return the layer of a module of the library, None for the library's own ``__init__``."""
    parts = name.split('.')
    if len(parts) == 1:
        return None
    return next(number for number, names in enumerate(LAYERS) if parts[1] in names)


def test_every_module_has_a_layer_and_imports_from_none_above_its_own() -> None:
    upward = [
        f'{name} imports {imported}'
        for name in modules()
        if within(name, ('roadseg_core',)) and layer(name) is not None
        for imported in sorted(imports(name))
        if imported in modules()
        and within(imported, ('roadseg_core',))
        and layer(imported) is not None
        and layer(imported) > layer(name)
    ]
    assert upward == []
